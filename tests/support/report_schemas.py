"""The schemas of report.json, as tests hold reports against them."""

import importlib.resources
import json

import jsonschema

from compare.report.json.schema import FUNCTIONS, NETWORKS


def _schema(kind):
    return json.loads(
        importlib.resources.files("compare.report.json").joinpath(kind.file).read_text()
    )


# Not jsonschema.validate: it looks each time whether the schema is one, which takes longer.
OF_NETWORKS = jsonschema.Draft202012Validator(_schema(NETWORKS))
OF_FUNCTIONS = jsonschema.Draft202012Validator(_schema(FUNCTIONS))
