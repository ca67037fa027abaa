"""The layouts that put known entries of one array where they stand in another."""

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.matching.layout import Layout

_MOST_LAYOUTS = 64  # that are tried, where few entries are known
_MOST_STEPS = 4096
_MOST_KNOWN = 512


class Known(NamedTuple):
    """Entries of two arrays that are the same, each by its number in the order of memory."""

    theirs: np.ndarray
    own: np.ndarray


def known_entries(theirs: np.ndarray, own: np.ndarray, allowed: float) -> Known | None:
    """Returns entries that can only be one another, spread over all values.

    Args:
      theirs: an array.
      own: of as many entries.
      allowed: how far entries may be apart that are the same.

    Returns:
      None if the arrays have not the same entries.
    """
    a, b = theirs.ravel(), own.ravel()
    first, second = np.argsort(a, kind="stable"), np.argsort(b, kind="stable")
    apart = np.abs(a[first] - b[second])
    if apart.max(initial=0) > allowed:
        return None
    gaps = np.diff(a[first], prepend=-np.inf, append=np.inf)
    least = 4 * apart.max(initial=0) + 4 * np.spacing(np.abs(a).max(initial=0))
    alone = np.flatnonzero((gaps[:-1] > least) & (gaps[1:] > least))
    chosen = alone[:: max(1, alone.size // _MOST_KNOWN)]
    return Known(first[chosen], second[chosen])


def layouts(theirs: tuple[int, ...], own: tuple[int, ...], known: Known) -> Iterator[Layout]:
    """Yields layouts from one shape to another that put all known entries in their places.

    Args:
      theirs: the shape that is wanted.
      own: the shape that there is, of as many entries.
      known: what has to come where.
    """
    search = _Search(theirs, own, known)
    yield from itertools.islice(search.layouts(), _MOST_LAYOUTS)


class _Part(NamedTuple):
    """A digit of the index of an array: (index // stride) % size."""

    stride: int
    size: int

    def of(self, index: np.ndarray) -> np.ndarray:
        """Returns this digit of numbers."""
        return index // self.stride % self.size


class _Search:
    """Assigns parts of our axes to parts of theirs, from the innermost of theirs on."""

    def __init__(self, theirs: tuple[int, ...], own: tuple[int, ...], known: Known) -> None:
        self._theirs, self._known = theirs, known
        strides = [math.prod(own[axis + 1 :]) for axis in range(len(own))]
        self._own = [_Part(*one) for one in zip(strides, own, strict=True)]
        self._steps = 0

    def layouts(self) -> Iterator[Layout]:
        """Yields all that fit, those first that move large parts."""
        sizes = [size for size in self._theirs if size > 1]
        for parts in self._assigned(sizes, 1, [part for part in self._own if part.size > 1]):
            yield self._layout(parts)

    def _assigned(self, sizes: list[int], stride: int, left: list[_Part]) -> Iterator[list[_Part]]:
        """Yields parts of ours, the innermost of theirs first.

        Args:
          sizes: what is left of their axes.
          stride: of the innermost of these.
          left: what is left of our axes.
        """
        if not sizes:
            yield []
            return
        *outer, size = sizes
        for part, others in _parts(size, left):
            self._steps += 1
            if self._steps > _MOST_STEPS or not self._fits(_Part(stride, part.size), part):
                continue
            rest = outer if part.size == size else [*outer, size // part.size]
            for found in self._assigned(rest, stride * part.size, others):
                yield [part, *found]

    def _fits(self, theirs: _Part, own: _Part) -> bool:
        """Whether all known entries have the same digit in both arrays."""
        return np.array_equal(theirs.of(self._known.theirs), own.of(self._known.own))

    def _layout(self, parts: list[_Part]) -> Layout:
        split = sorted(parts, reverse=True)
        order = [split.index(part) for part in reversed(parts)]
        return Layout(tuple(part.size for part in split), tuple(order), self._theirs)


def _parts(size: int, left: list[_Part]) -> Iterator[tuple[_Part, list[_Part]]]:
    """Yields parts of axes whose sizes divide a size, and what is left without them."""
    for inner_first in (True, False):
        for i in reversed(range(len(left))):
            stride, whole = left[i]
            for part in _divisors(math.gcd(size, whole)):
                for inner in (1, *_divisors(whole // part)[::-1]):
                    if (inner == 1) == inner_first:
                        ends = (
                            _Part(stride * inner * part, whole // part // inner),
                            _Part(stride, inner),
                        )
                        others = [one for one in ends if one.size > 1]
                        yield _Part(stride * inner, part), [*left[:i], *others, *left[i + 1 :]]


def _divisors(number: int) -> list[int]:
    """Returns all numbers above 1 that divide a number, the largest first."""
    return [one for one in range(number, 1, -1) if number % one == 0]
