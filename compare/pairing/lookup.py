"""Where the entries of an array stand in others, each looked up by its value."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.pairing.regularity import completed, is_regular

UNKNOWN = -1  # a position

_FEW = 256  # entries that are looked at first
_MANY = 8  # entries that are not all found by chance, wherever they are
_MOST_CHOSEN = 0.1  # of the entries, that may be one of several that are equal
_SOME = 4  # that are not, if their positions follow a rule


class Leaf(NamedTuple):
    """What entries are looked up in: an array, or the sum of arrays of one shape.

    Attributes:
      names: of the arrays.
      bits: of the entries, flat.
    """

    names: tuple[str, ...]
    bits: np.ndarray


class Places(NamedTuple):
    """Where entries were found.

    Attributes:
      positions: integers of the shape of the array, counted through the leaves; what differs has
        the position that it should be of, or `UNKNOWN` if it is beyond the leaves of the others.
      differs: which entries are not equal to the one at their position.
      chosen: how many are one of several that are equal, and nothing tells which.
    """

    positions: np.ndarray
    differs: np.ndarray
    chosen: int = 0


class Table:
    """Leaves, sorted by value.

    Attributes:
      leaves: at least one.
      starts: the position of the first entry of each.
    """

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self.leaves = leaves
        self.starts = np.cumsum([0, *(leaf.bits.size for leaf in leaves)])[:-1]
        self._bits = np.concatenate([leaf.bits for leaf in leaves])
        self._order = np.argsort(self._bits)
        self._sorted = self._bits[self._order]

    def find(self, own: np.ndarray) -> Places:
        """Looks up an array; of equal entries it takes those that go with the others.

        Args:
          own: the bits of the array.
        """
        first, count = self._first(own)
        alone = np.where(count == 1, first, UNKNOWN)
        positions = completed(alone, self.starts)
        differs = self._differ(positions, own)
        again = differs & (count > 0)
        positions = np.where(again, first, positions)
        differs &= ~again
        leaf = np.searchsorted(self.starts, positions, "right")
        beyond = differs & ~np.isin(leaf, np.unique(leaf[~differs]))
        beyond |= positions >= self._bits.size
        chosen = int(np.count_nonzero(again & (count > 1)))
        return Places(np.where(beyond, UNKNOWN, positions), differs, chosen)

    def share_of(self, own: np.ndarray) -> float:
        """Returns what part of some entries of an array is found, which is quick."""
        few = np.sort(own.flat[np.linspace(0, own.size - 1, min(own.size, _FEW), dtype=np.int64)])
        at = np.minimum(np.searchsorted(self._sorted, few), self._sorted.size - 1)
        return float(np.mean(self._sorted[at] == few))

    def _first(self, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns for each entry a position with its value, or `UNKNOWN`, and how many have it."""
        flat = own.ravel()
        order = np.argsort(flat)  # neighbours are looked up one after the other, which is quick
        start = np.searchsorted(self._sorted, flat[order], "left")
        count = np.searchsorted(self._sorted, flat[order], "right") - start
        place = self._order[np.minimum(start, self._order.size - 1)]
        found, counts = np.empty(flat.size, np.int64), np.empty(flat.size, np.int64)
        found[order] = np.where(count > 0, place, UNKNOWN)
        counts[order] = count
        return found.reshape(own.shape), counts.reshape(own.shape)

    def _differ(self, positions: np.ndarray, own: np.ndarray) -> np.ndarray:
        inside = (positions >= 0) & (positions < self._bits.size)
        return ~inside | (self._bits[np.where(inside, positions, 0)] != own)


def is_by_chance(places: Places) -> bool:
    """Whether so few numbers were found that they may stand in other arrays by chance.

    Numbers that stand in many places tell nothing either.
    """
    at = places.positions[~places.differs]
    if places.chosen > _MOST_CHOSEN * at.size:
        return True
    if at.size >= _MANY:
        return False
    if at.size < _SOME:
        return at.size < 2 or bool(np.any(np.diff(at) != 1))
    return not is_regular(places.positions)
