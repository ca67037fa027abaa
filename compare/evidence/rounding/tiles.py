"""Tiles of large arrays, so that what is worked out of one tile stays in a cache."""

import math
from collections.abc import Iterator, Sequence

_ENTRIES = 2**15  # of a tile: 256 KiB in float64, of which a cache of 2 MiB holds a few

Tile = tuple[slice, ...]  # of the first axes; all of the others


def is_one_tile(shape: Sequence[int]) -> bool:
    """Whether an array is no larger than a tile."""
    return math.prod(shape) <= _ENTRIES


def tiles(shape: Sequence[int]) -> Iterator[Tile]:
    """Cuts an array [N, ...] into tiles of whole samples, or of the first axis of one sample.

    Yields:
      Indices of tiles, in the order of the entries; none of an array without entries.
    """
    samples, *of_one = shape
    if math.prod(of_one) <= _ENTRIES or not of_one:
        yield from ((rows,) for rows in _slices(samples, math.prod(of_one)))
        return
    for row in range(samples):
        for part in _slices(of_one[0], math.prod(of_one[1:])):
            yield slice(row, row + 1), part


def _slices(length: int, entries: int) -> Iterator[slice]:
    """Cuts an axis whose every index has so many entries."""
    step = max(1, _ENTRIES // max(entries, 1))
    return (slice(start, min(start + step, length)) for start in range(0, length, step))
