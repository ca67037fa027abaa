"""Arrays of a program that may be what stands at a place, with other numbers."""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from compare.matching.axes import Known, layouts
from compare.matching.intermediates import Intermediates, number
from compare.matching.layout import Layout, plain

_MOST_LAYOUTS = 24
_MOST_OF_ONE = 4  # layouts of an array that is not near
_NEAR = 0.3  # how far apart, relative to the one, arrays are whose likeness says something
_NOTHING = Known(np.zeros(0, int), np.zeros(0, int))


class Guess(NamedTuple):
    """An array that may stand at a place.

    Attributes:
      name: of it.
      layout: that it needs.
      distance: the root of the sum of squares of differences, relative to that of the place.
    """

    name: str
    layout: Layout
    distance: float


Shapes = tuple[tuple[int, ...], tuple[int, ...]]  # (of ours, of theirs)


def guesses(
    value: np.ndarray,
    own: Intermediates,
    taken: Collection[str],
    known: Mapping[Shapes, Collection[Layout]],
) -> Iterator[Guess]:
    """Yields arrays of as many entries in their layouts: those that are near, the nearest first.

    Then come the others, as simply laid out as can be, from the first on that is computed after
    what stands elsewhere.

    Args:
      value: what the place should be.
      own: the arrays that there are.
      taken: the names of those that stand elsewhere, before the place.
      known: the layouts that arrays at other places need.
    """
    scale = float(np.linalg.norm(value)) or 1.0
    found = []
    for name in own.of_size(value.size):
        if name not in taken and "<" not in name:
            array = own.arrays[name]
            likely = known.get((array.shape, value.shape)) or [
                *_alike(array.shape, value.shape, known),
                *_possible(array.shape, value.shape),
            ]
            distances = [(one, float(np.linalg.norm(one.of(array) - value))) for one in likely]
            found.append([Guess(name, one, apart / scale) for one, apart in distances])
    nearest = [min(one, key=lambda guess: guess.distance) for one in found]
    near = [one for one in nearest if one.distance < _NEAR]
    yield from sorted(near, key=lambda one: one.distance)
    last = max(map(number, taken), default=0)
    numbers = [number(one[0].name) or math.inf for one in found]  # names may be anywhere
    later = [i for i, one in enumerate(numbers) if one > last]
    for one in [found[i] for i in sorted(later, key=lambda i: numbers[i])]:
        yield from one[:_MOST_OF_ONE]


def _alike(
    own: tuple[int, ...], theirs: tuple[int, ...], known: Mapping[Shapes, Collection[Layout]]
) -> Iterator[Layout]:
    """Yields the orders in which arrays of as many axes stand elsewhere."""
    for (shape, wanted), layouts_there in known.items():
        if len(shape) == len(own) and len(wanted) == len(theirs):
            for one in layouts_there:
                moved = one.split == shape and tuple(own[axis] for axis in one.order) == theirs
                if moved and not one.is_plain:
                    yield Layout(own, one.order, theirs)


def _possible(own: tuple[int, ...], theirs: tuple[int, ...]) -> Iterator[Layout]:
    yield plain(theirs)
    yield from itertools.islice(layouts(theirs, own, _NOTHING), _MOST_LAYOUTS)
