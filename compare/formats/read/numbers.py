"""A file of numbers, ours or as people print them: a list of arrays, some with names."""

from typing import NamedTuple

import numpy as np

from compare.errors import UsageError


class NamedArray(NamedTuple):
    """One array of a file."""

    name: str | None
    values: np.ndarray  # [N, ...] out of our dumps, any shape out of a print
    half_unit: np.ndarray | None = None  # of the last printed digit, like values; None: exact


class Numbers(NamedTuple):
    """Everything in one file, in its order."""

    path: str
    arrays: tuple[NamedArray, ...]
    layout: str | None  # of our dumps; a print does not say

    @property
    def names(self) -> tuple[str | None, ...]:
        """One for each array."""
        return tuple(array.name for array in self.arrays)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(array.values.size for array in self.arrays)


def read_numbers(path: str) -> Numbers:
    """Reads a dump of ours, or what NumPy, torch or a person printed.

    Raises:
      UsageError: if the file cannot be read, holds no numbers, or was cut short.
    """
    from compare.formats.read.dump import is_dump, read_dump
    from compare.formats.read.printed import read_printed

    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: expected text, such as a .dat file; this is binary") from None
    return read_dump(path, text) if is_dump(text) else read_printed(path, text)
