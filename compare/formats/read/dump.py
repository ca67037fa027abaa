"""Our own text dumps; `formats.write.dump` writes them and describes the form."""

import array
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import round_once
from compare.formats.dtypes import dtype_of
from compare.formats.read.numbers import NamedArray, Numbers

_HEADER = re.compile(
    r"# gradients of (?P<network>\d{1,9}(?:-\d{1,9})+) [\w,. +-]{1,999}?, "
    r"(?P<samples>\d{1,18}) samples, "
    r"(?P<dtype>b?float16|float32|float64), (?P<layout>in_out|out_in)$",
    re.ASCII,
)
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)  # what int64 holds
_SHOWN = 60  # characters of a line in an error


class Entries(NamedTuple):
    """The entries of one parameter, in the order of their lines."""

    places: "array.array[int]"  # sample, row and column of each, one after the other
    values: "array.array[float]"


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
        raise UsageError(
            f"{path}, line 1: this header of a dump cannot be read: {header[:_SHOWN]!r}"
        )
    if not text.endswith("\n"):
        raise UsageError(f"{path}: cut short: the last line does not end")
    network = tuple(int(size) for size in found["network"].split("-"))
    arrays = []
    for name, entries in _read_entries(path, lines).items():
        values = _assemble(path, name, entries)
        if values.shape != _shape(name, network, int(found["samples"]), found["layout"]):
            raise UsageError(
                f"{path}: {name[:_SHOWN]} does not have the samples, rows and columns that the "
                "header says; is the file cut short?"
            )
        arrays.append(NamedArray(name, _narrowed(path, name, values, found["dtype"])))
    if not arrays:
        raise UsageError(f"{path}: the dump has no entries; is it cut short?")
    return Numbers(path, tuple(arrays), found["layout"], by_sample=True)


def _read_entries(path: str, lines: Sequence[str]) -> dict[str, Entries]:
    """Returns parameter -> entries; the lines follow the header."""
    found: dict[str, Entries] = {}
    for number, line in enumerate(lines, start=2):
        if line.startswith("#"):
            continue
        try:
            sample, name, row, column, value = line.split(" ")
            place = sample, row, column
            if not all(map(_WHOLE.fullmatch, place)):
                raise ValueError
            entries = found.setdefault(name, Entries(array.array("q"), array.array("d")))
            entries.places.extend(map(int, place))
            entries.values.append(float(value))
        except ValueError:
            raise UsageError(
                f"{path}, line {number}: expected 'sample parameter row column value', got "
                f"{line[:_SHOWN]!r}"
            ) from None
    return found


def _shape(
    name: str, network: tuple[int, ...], samples: int, layout: str
) -> tuple[int, ...] | None:
    """Returns the shape of a parameter of a network; None if it has no parameter of that name."""
    kind, layer = name[:1], name[1:]
    if kind not in ("w", "b") or not _WHOLE.fullmatch(layer) or not 0 < int(layer) < len(network):
        return None
    n_in, n_out = network[int(layer) - 1 : int(layer) + 1]
    if kind == "b":
        return (samples, n_out)
    return (samples, n_in, n_out) if layout == "in_out" else (samples, n_out, n_in)


def _narrowed(path: str, name: str, values: np.ndarray, dtype: str) -> np.ndarray:
    narrow = round_once(values, dtype_of(dtype))
    if (np.isinf(narrow) & np.isfinite(values)).any():
        raise UsageError(f"{path}: {name} has values that {dtype} does not have")
    return narrow


def _assemble(path: str, name: str, entries: Entries) -> np.ndarray:
    """Returns the array of all entries, which must be complete and in order."""
    places = np.array(entries.places).reshape(-1, 3)
    shape = tuple(int(size) for size in places.max(axis=0) + 1)
    bias = name.startswith("b") and shape[1] != 1
    if bias or math.prod(shape) != len(places) or not _in_order(places, shape):
        raise UsageError(
            f"{path}: {name[:_SHOWN]} has {len(places)} entries, which are not all of "
            f"{shape[0]} samples of {shape[1]} x {shape[2]} in order; is the file cut short?"
        )
    values = np.array(entries.values).reshape(shape)
    return values[:, 0] if name.startswith("b") else values


def _in_order(places: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether places are those of an array of this shape, in row-major order."""
    return bool((np.ravel_multi_index(tuple(places.T), shape) == np.arange(len(places))).all())
