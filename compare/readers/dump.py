"""Our own text dumps; `report.dat` writes them and describes the form."""

import re

import numpy as np

from compare.errors import UsageError
from compare.readers.numbers import NamedArray, Numbers

_HEADER = re.compile(r"# gradients of .*, (float\d+), (in_out|out_in)$")


def is_dump(text: str) -> bool:
    """Whether a file begins as ours do."""
    return text.startswith("# gradients of ")


def read_dump(path: str, text: str) -> Numbers:
    """Reads the arrays of a dump, each [N, rows, columns], or [N, columns] for a bias.

    Raises:
      UsageError: for a line that is no entry, and for a parameter that is not complete.
    """
    header, *lines = text.splitlines()
    found = _HEADER.match(header)
    if not found:
        raise UsageError(f"{path}, line 1: this header of a dump cannot be read: {header!r}")
    places: dict[str, list[tuple[int, int, int]]] = {}
    values: dict[str, list[float]] = {}
    for number, line in enumerate(lines, start=2):
        if line.startswith("#"):
            continue
        try:
            sample, name, row, column, value = line.split(" ")
            places.setdefault(name, []).append((int(sample), int(row), int(column)))
            values.setdefault(name, []).append(float(value))
        except ValueError:
            raise UsageError(
                f"{path}, line {number}: expected 'sample parameter row column value', got {line!r}"
            ) from None
    arrays = tuple(
        NamedArray(name, _assemble(path, name, places[name], values[name]).astype(found[1]))
        for name in places
    )
    if len({len(array.values) for array in arrays}) != 1:
        raise UsageError(f"{path}: cut short: its parameters do not all have as many samples")
    return Numbers(path, arrays, found[2])


def _assemble(
    path: str, name: str, places: list[tuple[int, int, int]], values: list[float]
) -> np.ndarray:
    shape = tuple(int(size) for size in np.max(places, axis=0) + 1)
    if places != list(np.ndindex(shape)):
        raise UsageError(
            f"{path}: {name} has {len(places)} entries, which are not all of "
            f"{shape[0]} samples of {shape[1]} x {shape[2]} in order; is the file cut short?"
        )
    array = np.array(values).reshape(shape)
    return array[:, 0] if name.startswith("b") else array
