"""An array in a file, of which rows are read when they are asked for.

It is read and not mapped into memory: a mapped file that shrinks ends the process with SIGBUS.
"""

import math
import os
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError


class HeldFile:
    """A file that is open as long as anybody holds this, whatever becomes of its name."""

    def __init__(self, path: str) -> None:
        """Opens it; errors are those of `os.open`."""
        self._descriptor = os.open(path, os.O_RDONLY)

    def read_into(self, room: memoryview, place: int) -> int:
        """Fills room, or some of it, with what is at a place; returns how many bytes that was."""
        return os.preadv(self._descriptor, [room], place)

    def __del__(self) -> None:
        """Closes it, if it could be opened."""
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)


class HeldBytes:
    """The content of a file in memory."""

    def __init__(self, content: bytes) -> None:
        """Takes all of it."""
        self._content = memoryview(content)

    def read_into(self, room: memoryview, place: int) -> int:
        """Fills room, or some of it, with what is at a place; returns how many bytes that was."""
        found = self._content[place : place + len(room)]
        room[: len(found)] = found
        return len(found)


class StoredArray(NamedTuple):
    """Where an array lies in a file: its numbers follow one another from one place on."""

    file: HeldFile | HeldBytes
    where: str  # the file and the array in it, to be named in errors
    offset: int  # of the first number, in bytes
    shape: tuple[int, ...]
    dtype: np.dtype
    by_columns: bool = False  # whether it is stored in Fortran's order

    @property
    def end(self) -> int:
        """The place in the file behind the last number."""
        return self.offset + math.prod(self.shape) * self.dtype.itemsize

    def read(self) -> np.ndarray:
        """Returns the whole array; errors are as in `read_rows`."""
        if not self.shape:
            return self._stretch(self.offset, 1).reshape(())
        return self.read_rows(0, self.shape[0])

    def read_rows(self, start: int, stop: int) -> np.ndarray:
        """Returns rows start .. stop - 1.

        Raises:
          UsageError: if the file has become shorter since it was opened.
        """
        rows, row = stop - start, self.shape[1:]
        size = self.dtype.itemsize
        if not self.by_columns:
            first = self.offset + start * math.prod(row) * size
            return self._stretch(first, rows * math.prod(row)).reshape(rows, *row)
        columns = [
            self._stretch(self.offset + (start + i * self.shape[0]) * size, rows)
            for i in range(math.prod(row))
        ]
        return np.array(columns, self.dtype).T.reshape((rows, *row), order="F")

    def stand_in(self) -> np.ndarray:
        """Returns an array of the same dtype and shape that takes no memory."""
        return stand_in(self.shape, self.dtype)

    def _stretch(self, first: int, numbers: int) -> np.ndarray:
        """Reads numbers that lie one after the other."""
        found = np.empty(numbers, self.dtype)
        left = found.view(np.uint8).data
        while left:
            got = self.file.read_into(left, first)
            if not got:
                raise UsageError(f"{self.where}: the file has become shorter since it was opened")
            first, left = first + got, left[got:]
        return found


def stand_in(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Returns an array of a dtype and a shape that takes no memory: its entries are one number."""
    return np.broadcast_to(np.zeros((), dtype), shape)
