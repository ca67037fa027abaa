"""Text files of numbers: our dumps, JSON, and prints."""

import numpy as np

from compare.errors import UsageError
from compare.formats.read.dump import is_dump, read_dump
from compare.formats.read.errors import readable
from compare.formats.read.json import read_json
from compare.formats.read.layer_names import kind_of, printable
from compare.formats.read.numbers import Numbers
from compare.formats.read.opening import LARGEST_TEXT, read_text_file
from compare.formats.read.prints.arrays import read_print

TEXTS = (".json", ".csv")  # that weights are read from


def read_named(path: str, *, option: str) -> dict[str, np.ndarray]:
    """Reads the weights in a `.json` or `.csv` file, in float64, by their names.

    Single numbers of other names, such as an epoch, are left out.

    Args:
      path: the file.
      option: what it was given for, such as '--params', to be named in errors.

    Raises:
      UsageError: as `read_text` does, and for an array without a name or with that of another.
    """
    where = f"{option} {path}"
    try:
        arrays = read_text(path).arrays
    except UsageError as error:
        raise UsageError(f"{option} {error}") from None
    named: dict[str, np.ndarray] = {}
    for array in arrays:
        if array.name is None or array.name in named:
            said = "one without" if array.name is None else f"{printable(array.name)} twice"
            raise UsageError(f"{where}: expected arrays of different names, found {said}")
        if kind_of(array.name) or array.values.ndim:
            named[array.name] = array.values
    return named


def read_text(path: str, *, at_most: int = LARGEST_TEXT) -> Numbers:
    """Reads a dump of ours, JSON, or what NumPy, JAX, torch or a person printed.

    Args:
      path: the file, or a pipe.
      at_most: as many bytes as it may have.

    Raises:
      UsageError: if the file cannot be read, holds no numbers, or was cut short.
    """
    try:
        with readable(path):
            text = read_text_file(path, path, at_most=at_most)
    except UnicodeDecodeError:
        raise UsageError(f"{path}: expected text, such as a .dat file; this is binary") from None
    if is_dump(text):
        return read_dump(path, text)
    return read_json(path, text) or read_print(path, text)
