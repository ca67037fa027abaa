"""Whether arrays are the same, but for the order of their axes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.matching.axes import Known, known_entries, layouts
from compare.matching.fingerprint import fingerprint, largest, margins
from compare.matching.layout import Layout, plain


class Pair(NamedTuple):
    """Two arrays that may be the same.

    Attributes:
      theirs: what is wanted.
      own: what there is, of as many entries.
      allowed: how far entries may be apart.
    """

    theirs: np.ndarray
    own: np.ndarray
    allowed: float

    @property
    def may_hold(self) -> bool:
        """Whether the arrays may have the same entries in some order."""
        apart = np.subtract(fingerprint(self.theirs), fingerprint(self.own))
        return bool((np.abs(apart) <= margins(self.theirs, self.allowed)).all())

    def apart(self, layout: Layout) -> float:
        """Returns the largest difference, if the own array is laid out so."""
        return largest(layout.of(self.own) - self.theirs)

    def holds(self, layout: Layout) -> bool:
        """Whether both are the same, if the own array is laid out so."""
        return self.apart(layout) <= self.allowed


def common_layout(*pairs: Pair) -> Layout | None:
    """Returns a layout under which all pairs hold.

    Args:
      *pairs: whose own arrays have one shape, as have those that are wanted.
    """
    return next((one for one in _likely(pairs) if all(pair.holds(one) for pair in pairs)), None)


def _likely(pairs: tuple[Pair, ...]) -> Iterator[Layout]:
    if not all(pair.may_hold for pair in pairs):
        return
    theirs, own = pairs[0].theirs.shape, pairs[0].own.shape
    yield plain(theirs)
    found = [known_entries(*pair) for pair in pairs]
    if any(one is None for one in found):
        return
    known = [one for one in found if one is not None]
    both = Known(
        np.concatenate([one.theirs for one in known]), np.concatenate([one.own for one in known])
    )
    yield from layouts(theirs, own, both)
