"""Where the rows and columns of a weight stand in others, each looked up as a whole."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_SHORTEST = 4  # entries of a row or column, which no other has by chance


class Matrix(NamedTuple):
    """A weight of the reference with its axes but the first taken together.

    Attributes:
      start: its first position, counted through all weights.
      bits: [rows, columns].
    """

    start: int
    bits: np.ndarray


class Vectors:
    """The rows and columns of matrices."""

    def __init__(self, matrices: list[Matrix]) -> None:
        self._places: dict[bytes, tuple[int, int]] = {}  # the first position and the next one's
        self._twice: set[bytes] = set()
        for start, bits in matrices:
            width = bits.shape[1]
            self._add(bits, start, width, 1)
            self._add(bits.T, start, 1, width)

    def find(self, own: np.ndarray) -> np.ndarray | None:
        """Returns the positions of all entries of an array; None if it has other rows or columns.

        Args:
          own: bits; its axes may be those of a matrix, split.
        """
        for matrix in _matrices(own):
            for rows, is_transposed in ((matrix, False), (matrix.T, True)):
                found = self._rows(rows)
                if found is not None:
                    return (found.T if is_transposed else found).reshape(own.shape)
        return None

    def _rows(self, rows: np.ndarray) -> np.ndarray | None:
        """Returns the positions of the entries of rows, if all of them are known."""
        if rows.shape[1] < _SHORTEST:
            return None
        places = []
        for row in rows:
            key = _digest(row)
            if key not in self._places or key in self._twice:
                return None
            places.append(self._places[key])
        first, step = np.array(places, np.int64).T
        return first[:, None] + step[:, None] * np.arange(rows.shape[1])

    def _add(self, rows: np.ndarray, start: int, stride: int, step: int) -> None:
        if rows.shape[1] < _SHORTEST:
            return
        for index, row in enumerate(rows):
            key = _digest(row)
            if key in self._places:
                self._twice.add(key)
            self._places[key] = start + index * stride, step


def _digest(row: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(row).data, digest_size=16).digest()


def _matrices(own: np.ndarray) -> Iterator[np.ndarray]:
    """Yields an array with its first axes, and its last, taken together."""
    for axis in range(1, own.ndim):
        yield own.reshape(int(np.prod(own.shape[:axis], dtype=np.int64)), -1)
