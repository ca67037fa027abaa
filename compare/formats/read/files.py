"""Files of numbers, read in whatever format they are."""

import os
from pathlib import Path

import numpy as np

from compare.errors import UsageError
from compare.formats.dtypes import FLOAT_DTYPES, restore_bfloat16
from compare.formats.read.arrays import FORMATS, Arrays, read_arrays
from compare.formats.read.errors import readable
from compare.formats.read.layer_names import is_kernel
from compare.formats.read.npy import open_npy
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.read.text import read_text

_MOST_FILES = 1000  # of a folder
_OPTION = "file"  # what it was given for, to be named in errors


def read_numbers(path: str) -> Numbers:
    """Reads a dump of ours, a print, arrays in any format, or a folder with an array in each file.

    Raises:
      UsageError: if it cannot be read, or holds anything else than real numbers.
    """
    if Path(path).is_dir():
        return _read_folder(path)
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
    return Numbers(path, arrays, _layout(found), ordering=found.ordering)


def _layout(found: Arrays) -> str | None:
    """Returns the layout that names or format say: a kernel of Flax is in_out in every format."""
    if any(map(is_kernel, found.named)):
        return "in_out"
    return "out_in" if found.likely == "out_in" else None


def _read_folder(path: str) -> Numbers:
    """Reads the files of a folder, each of which is called as the array in it: w1.csv, b1.csv."""
    with readable(path):
        names = sorted(one for one in os.listdir(path) if not one.startswith("."))
    if not names or len(names) > _MOST_FILES:
        raise UsageError(
            f"{path}: expected a file, or a folder with a file for each array, got a folder of "
            f"{len(names):,} files"
        )
    arrays = []
    for name in names:
        member = os.path.join(path, name)
        if os.path.isdir(member):
            raise UsageError(f"{path}: expected a file for each array, got the folder {name}")
        found = read_numbers(member).arrays
        if len(found) != 1:
            raise UsageError(
                f"{member}: expected one array in a file of a folder, got {len(found)}"
            )
        arrays.append(found[0]._replace(name=Path(name).stem))
    return Numbers(path, tuple(arrays), None, ordering="sorted")


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
