"""Arrays of a program that may be what stands at a place, with other numbers."""

import itertools
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
    alike: Collection[str] = (),
) -> Iterator[Guess]:
    """Yields arrays of as many entries in their layouts: those that are alike, the nearest first.

    Then come those that are near, and then the others, as simply laid out as can be, from the first
    on that is computed after what stands elsewhere.

    Args:
      value: what the place should be.
      own: the arrays that there are.
      taken: the names of those that stand elsewhere, before the place.
      known: the layouts that arrays at other places need.
      alike: the names of places that are likely to be this one.
    """
    scale = float(np.linalg.norm(value)) or 1.0
    found = []
    for name in own.of_size(value.size):
        if name not in taken and "<" not in name:
            array = own.arrays[name]
            ways = known.get((array.shape, value.shape)) or _possible(array.shape, value.shape)
            distances = [(one, float(np.linalg.norm(one.of(array) - value))) for one in ways]
            found.append([Guess(name, one, apart / scale) for one, apart in distances])
    likely = [guess for one in found if one[0].name in alike for guess in one]
    yield from sorted(likely, key=lambda one: one.distance)
    nearest = [min(one, key=lambda guess: guess.distance) for one in found]
    near = [one for one in nearest if one.distance < _NEAR]
    yield from sorted(near, key=lambda one: one.distance)
    last = max(map(number, taken), default=0)
    later = [one for one in found if number(one[0].name) > last]
    for one in sorted(later, key=lambda one: number(one[0].name)):
        yield from one[:_MOST_OF_ONE]


def _possible(own: tuple[int, ...], theirs: tuple[int, ...]) -> Iterator[Layout]:
    yield plain(theirs)
    yield from itertools.islice(layouts(theirs, own, _NOTHING), _MOST_LAYOUTS)
