"""Whether a parsed report.json follows its schema, and what is wrong first if it does not."""

import functools
import importlib.resources
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Schema(NamedTuple):
    """The schema of a kind of report: its version, and its file beside this one."""

    version: int
    file: str


NETWORKS = Schema(8, "schema.json")
STEPS = Schema(1, "steps_schema.json")
FUNCTIONS = Schema(1, "function_schema.json")

_LONGEST = 80  # characters of a place or value in a sentence

# Word of the schema -> what it asks for.
_EXPECTED: Mapping[str, Callable[[Any], str]] = {
    "type": lambda kinds: kinds if isinstance(kinds, str) else " or ".join(kinds),
    "const": repr,
    "enum": lambda values: f"one of {', '.join(values)}",
    "minimum": "at least {}".format,
    "maximum": "at most {}".format,
    "minItems": "at least {} items".format,
    "maxItems": "at most {} items".format,
    "oneOf": lambda _: "another value",
}


def schema_of(report: Any) -> Schema:
    """Returns the schema that a document is to follow."""
    if is_of_steps(report):
        return STEPS
    return FUNCTIONS if is_of_functions(report) else NETWORKS


def is_of_steps(report: Any) -> bool:
    """Whether a document says that it is of training runs."""
    return isinstance(report, dict) and report.get("kind") == "steps"


def is_of_functions(report: Any) -> bool:
    """Whether a document says that it is of a comparison of functions."""
    return isinstance(report, dict) and report.get("kind") == "functions"


def first_fault(report: Any) -> str | None:
    """Returns what is wrong first, as 'pairs[0].a: expected string, got 3'; None if nothing is."""
    try:
        error = next(_validator(schema_of(report).file).iter_errors(report), None)
        if error is None and is_of_functions(report) and report["network"] is not None:
            fault = first_fault(report["network"])
            return None if fault is None else f"network: {fault}"
    except RecursionError:  # jsonschema quotes what is wrong, whatever its depth
        return "it is nested too deeply"
    return None if error is None else _sentence(error)


@functools.cache
def _validator(file: str) -> Any:
    """A schema in jsonschema, for which a number is what a float64 holds."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "number": lambda _, value: _is_number(value),
            "integer": lambda _, value: isinstance(value, int) and _is_number(value),
        }
    )
    text = importlib.resources.files("compare.report.json").joinpath(file).read_text("utf-8")
    return extend(Draft202012Validator, type_checker=types)(json.loads(text))


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _sentence(error: Any) -> str:
    """Says what was expected, what came and where."""
    where = _cut(json.dumps(error.json_path)[1:-1].removeprefix("$").removeprefix("."))
    found, wanted = error.instance, error.validator_value
    if error.validator == "required":
        missing = next(name for name in wanted if name not in found)
        return f"{where}.{missing}: expected something, got nothing".removeprefix(".")
    if error.validator == "additionalProperties":
        more = next(name for name in found if name not in error.schema["properties"])
        return f"{where or 'the document'}: expected no field {_shown(more)}"
    asked = _EXPECTED[error.validator](wanted)
    return f"{where or 'the document'}: expected {asked}, got {_shown(found)}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else _cut(json.dumps(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
