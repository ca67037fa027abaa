"""Which modules of two programs belong together, by the weights that are paired already."""

import collections
import itertools
from collections.abc import Mapping

from compare.pairing.names import module_of, modules_around

_DEEPEST = 8  # modules around a weight that are looked at


class Links:
    """Counts the pairs of weights that lie in each pair of modules."""

    def __init__(self) -> None:
        self._both: collections.Counter[tuple[str, str]] = collections.Counter()
        self._own: collections.Counter[str] = collections.Counter()
        self._theirs: collections.Counter[str] = collections.Counter()

    def add(self, own: str, theirs: str, times: int = 1) -> None:
        """Takes in that one weight is another; -1 times takes it out again."""
        mine, others = modules_around(own), modules_around(theirs)
        self._own.update(dict.fromkeys(mine, times))
        self._theirs.update(dict.fromkeys(others, times))
        self._both.update(dict.fromkeys(itertools.product(mine, others), times))

    def between(self, own: str, theirs: str) -> tuple[float, ...]:
        """Returns for each module around a weight, innermost first, how it goes with another's.

        Returns:
          From 0 to 1: 1 if all that is paired in that module is in one module around the other
          weight, and the other way round. As many numbers for all weights.
        """
        shares = [
            max((self._share(one, other) for other in modules_around(theirs)), default=0.0)
            for one in modules_around(own)[:_DEEPEST]
        ]
        return (*shares, *[0.0] * (_DEEPEST - len(shares)))

    def exclude(self, own: str, theirs: str) -> bool:
        """Whether the modules of two weights are both paired, and not with each other."""
        one, other = module_of(own), module_of(theirs)
        return bool(self._own[one] and self._theirs[other] and not self._both[one, other])

    def join(self, own: str, theirs: str) -> bool:
        """Whether the module of one weight goes with that of the other, or with one around it."""
        one = self._innermost(own, self._own)
        other = self._innermost(theirs, self._theirs)
        is_itself = one == module_of(own) or other == module_of(theirs)
        return is_itself and self._both[one, other] > 0

    def miss(self, own: str, theirs: str) -> bool:
        """Whether nothing in the modules of two weights is paired."""
        return not (self._own[module_of(own)] or self._theirs[module_of(theirs)])

    def _innermost(self, name: str, counts: Mapping[str, int]) -> str:
        """Returns the innermost module around a weight in which something is paired."""
        return next((module for module in modules_around(name) if counts[module]), "")

    def _share(self, one: str, other: str) -> float:
        both = self._both[one, other]
        return both * both / (self._own[one] * self._theirs[other]) if both else 0.0
