"""Arrays of a program that may be what stands at a place, with other numbers."""

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from compare.matching.axes import Known, layouts
from compare.matching.intermediates import Intermediates
from compare.matching.layout import Layout, plain

_MOST_LAYOUTS = 24
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
) -> list[Guess]:
    """Returns arrays of as many entries, the nearest first, each laid out as is nearest.

    Args:
      value: what the place should be.
      own: the arrays that there are.
      taken: the names of those that stand elsewhere.
      known: the layouts that arrays at other places need.
    """
    scale = float(np.linalg.norm(value)) or 1.0
    found = []
    for name in own.of_size(value.size):
        if name in taken or "<" in name:
            continue
        array = own.arrays[name]
        likely = known.get((array.shape, value.shape)) or _possible(array.shape, value.shape)
        made = (
            Guess(name, one, float(np.linalg.norm(one.of(array) - value)) / scale) for one in likely
        )
        found.append(min(made, key=lambda one: one.distance))
    return sorted(found, key=lambda one: one.distance)


def _possible(own: tuple[int, ...], theirs: tuple[int, ...]) -> Iterator[Layout]:
    yield plain(theirs)
    yield from itertools.islice(layouts(theirs, own, _NOTHING), _MOST_LAYOUTS)
