"""Arguments and cotangents of a comparison of functions as files, and the lines that read them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from compare.formats.atomic import Staging
from compare.formats.conversion import widen
from compare.formats.places import Place, places_in
from compare.formats.write.npz import write_npz
from compare.formats.write.python_source import source_of
from compare.problem.function import Arguments, FunctionProblem

_ARRAYS, _SEEDS, _MODULE = "arguments.npz", "cotangents.npz", "arguments.py"
_TEXT = '''"""Arguments and cotangents of a comparison, from the files beside this one."""

from pathlib import Path

import numpy as np

with np.load(Path(__file__).parent / "{arrays}") as _file:
    _arrays = dict(_file)
with np.load(Path(__file__).parent / "{seeds}") as _file:
    _seeds = dict(_file)

args = {args}
cotangents = {cotangents}
'''


class _Saved(NamedTuple):
    """What stands for an array that is saved: the file, as a variable, and its name in that."""

    file: str
    name: str


def places_of_arguments(folder: str) -> list[Place]:
    """Returns where the files are to appear."""
    return places_in(folder, [_ARRAYS, _SEEDS, _MODULE], option="save")


def save_arguments(folder: str, problem: FunctionProblem, inputs: Arguments) -> str:
    """Writes arguments, the weights of a module among them, and cotangents.

    Args:
      folder: to write into.
      problem: with all arguments.
      inputs: those that the caller has given, by the same names.

    Returns:
      Lines of Python that read them, as `args` and `cotangents`.

    Raises:
      UsageError: if the folder cannot be written into.
    """
    arguments = problem.arguments
    text = _module(problem, inputs)
    with Staging(folder, option="save") as staging:
        _save(staging, _ARRAYS, dict(zip(arguments.array_names, arguments.arrays, strict=True)))
        _save(staging, _SEEDS, problem.cotangents)
        if text is not None:
            staging.write(_MODULE, text)
    if text is None:
        return f"# the arguments are in {folder}/{_ARRAYS}, by their names"
    path = str(Path(folder, _MODULE))
    return (
        f"import runpy; saved = runpy.run_path({path!r})\n"
        'args, cotangents = saved["args"], saved["cotangents"]'
    )


def _module(problem: FunctionProblem, inputs: Arguments) -> str | None:
    """Returns source that reads both files; None where a tree has classes of its own."""
    leaves = [
        _Saved("_arrays", name) if isinstance(one, np.ndarray) else one
        for name, one in zip(inputs.names, inputs.leaves, strict=True)
    ]
    seeds = {name: _Saved("_seeds", name) for name in problem.cotangents}
    args = source_of(inputs.structure.unflatten(leaves), _source)
    cotangents = source_of(problem.outputs.in_structure(seeds), _source)
    if args is None or cotangents is None:
        return None
    return _TEXT.format(arrays=_ARRAYS, seeds=_SEEDS, args=args, cotangents=cotangents)


def _source(leaf: Any) -> str | None:
    return f"{leaf.file}[{leaf.name!r}]" if isinstance(leaf, _Saved) else None


def _save(staging: Staging, name: str, arrays: Mapping[str, np.ndarray]) -> None:
    with open(staging.path(name), "wb") as file:
        write_npz(file, {name: widen(array) for name, array in arrays.items()})
