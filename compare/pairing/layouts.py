"""In which order of its axes an array stands in another program."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from compare.pairing.arrangement import Axes

_FEW = 256  # entries that are looked at first
_MOST_AXES = 6  # that are tried in all orders


def layouts_of(name: str, theirs: np.ndarray, own: np.ndarray) -> Iterator[Axes]:
    """Yields the orders of axes in which an array is another, entry by entry; a copy comes first.

    Args:
      name: of the array that the other one is made of.
      theirs: its entries, or their bits.
      own: those of what is made, as many.
    """
    probes = np.linspace(0, own.size - 1, min(own.size, _FEW), dtype=np.int64)
    expected, flat = own.ravel()[probes], own.ravel()
    for axes in possible_layouts(name, theirs.shape, own.shape):
        made = theirs.reshape(axes.split).transpose(axes.axes)
        if not np.array_equal(made[np.unravel_index(probes, made.shape)], expected):
            continue
        if np.array_equal(made.ravel(), flat):
            yield axes


def possible_layouts(name: str, theirs: tuple[int, ...], own: tuple[int, ...]) -> list[Axes]:
    """Lists the orders of axes in which an array has a shape, a copy first, then transpositions."""
    if math.prod(theirs) != math.prod(own):
        return []
    ones = [Axes(name, theirs, axes, own) for axes in _orders(theirs)]
    for axes in _orders(own):
        split = tuple(own[axis] for axis in axes)
        back = tuple(sorted(range(len(axes)), key=lambda axis: axes[axis]))
        ones.append(Axes(name, split, back, own))
    ones.sort(key=lambda one: tuple(one.split[axis] for axis in one.axes) != own)
    return ones


def _orders(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yields the orders of axes, the first as they are; only that one of very many axes."""
    if len(shape) > _MOST_AXES:
        yield tuple(range(len(shape)))
        return
    yield from itertools.permutations(range(len(shape)))
