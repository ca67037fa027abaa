"""The files that a run reads."""

import sys
from collections.abc import Iterator

from compare.formats.places import Input
from compare.options.config import Config


def inputs_of(config: Config) -> Iterator[Input]:
    """Yields every file that a run reads; modules of candidates once they are imported."""
    for name in ("params", "data", "baseline"):
        path = getattr(config, name)
        if path is not None:
            yield Input(f"--{name}", path)
    yield from (Input("--flagfile", path) for path in config.flagfile)
    yield from (Input("--gradients", path) for path in config.gradients)
    yield from (Input("--candidate", _source(one)) for one in config.candidate)


def _source(reference: str) -> str:
    """Returns the file of FILE:NAME or, once it is imported, of package.module:NAME."""
    source = reference.rpartition(":")[0]
    module = getattr(sys.modules.get(source), "__file__", None)
    return source if source.endswith((".py", ".ipynb")) else module or source
