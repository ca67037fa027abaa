"""Files of numbers, read in whatever format they are."""

from pathlib import Path

import numpy as np

from compare.errors import UsageError
from compare.formats.dtypes import FLOAT_DTYPES, restore_bfloat16
from compare.formats.read.arrays import FORMATS, Arrays, read_arrays
from compare.formats.read.errors import readable
from compare.formats.read.npy import open_npy
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.read.text import read_text

_OPTION = "file"  # what it was given for, to be named in errors


def read_numbers(path: str) -> Numbers:
    """Reads a dump of ours, a print, `.npy`, `.npz`, `.pt`, `.pth` or `.safetensors`.

    Raises:
      UsageError: if it cannot be read, or holds anything else than real numbers.
    """
    suffix = Path(path).suffix.lower()
    if suffix != ".npy" and suffix not in FORMATS:
        return read_text(path)
    found = _read_npy(path) if suffix == ".npy" else read_arrays(path, option=_OPTION)
    arrays = tuple(
        NamedArray(name or None, _floating(values, f"{path}: {name or 'the array'}"))
        for name, values in found.named.items()
    )
    if not any(array.values.size for array in arrays):
        raise UsageError(f"{path}: expected numbers, found none")
    layout = "out_in" if found.likely == "out_in" else None
    return Numbers(path, arrays, layout, ordering=found.ordering)


def _read_npy(path: str) -> Arrays:
    """Reads the one array of a file, which has no name."""
    stored = open_npy(path, option=_OPTION)
    with readable(f"{_OPTION} {path}"):
        return Arrays({"": restore_bfloat16(stored.read())}, None, "in_out", "kept")


def _floating(values: np.ndarray, where: str) -> np.ndarray:
    """Takes whole numbers and truth values for float64; others stay as they are."""
    if values.dtype.kind in "iub":
        return values.astype(np.float64)
    if values.dtype.name not in FLOAT_DTYPES:
        raise UsageError(f"{where}: expected numbers, got {values.dtype}")
    return values
