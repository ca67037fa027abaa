"""Which rows and columns of an array a block of entries is."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_AXES = ("row", "column")
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


def index_words(index: np.ndarray, shape: tuple[int, ...], axis: int) -> str:
    """Returns such as 'rows 0 to 63', '' for all in their order."""
    size = shape[axis]
    noun = (
        _AXES[axis] if len(shape) == 2 else f"index of axis {axis}" if len(shape) > 2 else "entry"
    )
    many = {"row": "rows", "column": "columns", "entry": "entries"}.get(
        noun, f"indices of axis {axis}"
    )
    steps = np.diff(index)
    if np.all(steps == 1):
        if index.size == size:
            return ""
        return f"{noun} {index[0]}" if index.size == 1 else f"{many} {index[0]} to {index[-1]}"
    if np.all(steps == -1) and index.size == size:
        return f"{many} in reverse"
    (cuts,) = np.nonzero(steps != 1)
    length = int(np.gcd.reduce(np.append(cuts + 1, index.size)))
    starts = index[::length]
    if length > 1 and np.all(starts % length == 0) and starts.size <= _MOST_BLOCKS:
        order = ", ".join(str(start // length) for start in starts)
        return f"blocks {order} of {length} {many}"
    return f"{index.size} {many} in another order"


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
