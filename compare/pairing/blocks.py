"""Which rows and columns of an array a block of entries is."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_MOST_BLOCKS = 12  # of which the order is listed


class Indices(NamedTuple):
    """A block of entries as rows, columns and so on of an array.

    Attributes:
      indices: for each axis of the array, the index of each slice of the block.
      axes: the order in which the axes of the array come in the block.
    """

    indices: tuple[np.ndarray, ...]
    axes: tuple[int, ...]


def indices_of(positions: np.ndarray, shape: tuple[int, ...]) -> Indices | None:
    """Returns what rows and columns a block is made of; None if it is made otherwise.

    Args:
      positions: of the entries of the block in the array; axes may be split in several.
      shape: of the array.
    """
    for merged in _merged(positions, len(shape)):
        coordinates = np.unravel_index(merged, shape)
        for axes in itertools.permutations(range(len(shape))):
            indices = [_along(coordinates[axis], axes.index(axis)) for axis in range(len(shape))]
            if all(
                np.array_equal(np.broadcast_to(index, merged.shape), coordinates[axis])
                for axis, index in enumerate(indices)
            ):
                return Indices(tuple(index.ravel() for index in indices), axes)
    return None


def index_words(index: np.ndarray, shape: tuple[int, ...], axis: int, gates: str = "") -> str:
    """Returns such as 'rows 0 to 63', '' for all in their order.

    Args:
      index: along an axis of an array.
      shape: of the array.
      axis: which axis it is.
      gates: letters of the gates that the axis is made of; '' for none.
    """
    size, many = shape[axis], _noun(shape, axis)
    length, starts = _blocks(index)
    one = size // len(gates) if gates else 0  # rows of a gate
    if starts.size == 1 and index.size == size:
        return ""
    if gates and length % one == 0 and starts[0] % one == 0 and starts.size == 1:
        letters = gates[starts[0] // one :][: length // one]
        return f"gate{'s' * (len(letters) > 1)} {letters}"
    if starts.size == 1:
        return f"{many} {index[0]} to {index[-1]}"
    if np.all(np.diff(index) == -1) and index.size == size:
        return f"{many} in reverse" if len(shape) < 3 else f"axis {axis} reversed"
    if gates and length == one:
        return f"gates {gates} -> {''.join(gates[int(start) // length] for start in starts)}"
    if length > 1 and np.all(starts % length == 0) and starts.size <= _MOST_BLOCKS:
        order = ", ".join(str(start // length) for start in starts)
        return f"blocks {order} of {length} {many}"
    pace = int(index[1] - index[0])
    if pace > 1 and size % pace == 0:
        split = np.arange(size).reshape(-1, pace)
        if np.array_equal(split.T.ravel(), index):
            return f"{many} split in {list(split.shape)} and transposed"
    return f"{index.size} {many} in another order"


def _noun(shape: tuple[int, ...], axis: int) -> str:
    if len(shape) == 1:
        return "entries"
    return ("rows", "columns")[axis] if len(shape) == 2 else f"indices of axis {axis}"


def _blocks(index: np.ndarray) -> tuple[int, np.ndarray]:
    """Returns how long the longest blocks of neighbours are, and where each starts."""
    (cuts,) = np.nonzero(np.diff(index) != 1)
    length = int(np.gcd.reduce(np.append(cuts + 1, index.size)))
    return length, index[::length] if cuts.size else index[:1]


def _along(coordinates: np.ndarray, axis: int) -> np.ndarray:
    first = tuple(slice(None) if k == axis else slice(0, 1) for k in range(coordinates.ndim))
    return coordinates[first]


def _merged(positions: np.ndarray, ndim: int) -> Iterator[np.ndarray]:
    """Yields a block with neighbouring axes taken together, so that it has so many."""
    for cuts in itertools.combinations(range(1, positions.ndim), ndim - 1):
        bounds = (0, *cuts, positions.ndim)
        shape = [
            int(np.prod(positions.shape[low:high], dtype=np.int64))
            for low, high in itertools.pairwise(bounds)
        ]
        yield positions.reshape(shape)
