"""Which weight is which of those that have the same entries: by module, by name, by order."""

from collections.abc import Callable, Iterable, Sequence

from compare.pairing.links import Links
from compare.pairing.names import (
    in_order,
    innermost,
    likeness,
    numbered_alike,
    without_numbers,
)
from compare.pairing.pairing import Tie

Group = tuple[list[str], list[str]]  # own names, their names
Score = tuple[tuple[float, ...], tuple[int, bool, bool, int]]


class Assignment:
    """Pairs weights within groups; what one group tells of modules serves the others.

    Attributes:
      pairs: own name -> their name.
      ties: what only its order told apart.
    """

    def __init__(self, own: Sequence[str], theirs: Sequence[str]) -> None:
        self.pairs: dict[str, str] = {}
        self.ties: list[Tie] = []
        self.links = Links()
        self._own, self._theirs = own, theirs
        self._stems = numbered_alike(own, theirs)

    def add(self, own: str, theirs: str) -> None:
        """Takes in one pair."""
        self.pairs[own] = theirs
        self.links.add(own, theirs)

    def score(self, own: str, theirs: str) -> Score:
        """Returns how well two weights go together by their modules and names, to be compared."""
        module = innermost(own)
        is_named_so = module == innermost(theirs) and without_numbers(module) in self._stems
        role, words = likeness(own, theirs)
        return self.links.between(own, theirs), (role, own == theirs, is_named_so, words)

    def settle(self, groups: Iterable[Group], fits: Callable[[str, str], bool]) -> None:
        """Pairs what is in each group, what is certain first.

        Args:
          groups: of weights that may be each other.
          fits: whether two weights of a group can be one, whatever else is known.
        """
        left = [
            (in_order(own, self._own), in_order(theirs, self._theirs)) for own, theirs in groups
        ]
        while True:
            certain = [self._take_certain(*group, fits) for group in left]
            if not any(certain) and not any(self._take_first(*group, fits) for group in left):
                return

    def _take_certain(
        self, own: list[str], theirs: list[str], fits: Callable[[str, str], bool]
    ) -> bool:
        """Takes each pair of which each is the other's only best."""
        found = []
        choices = {one: self._best(one, theirs, fits) for one in own}
        for one, best in choices.items():
            rivals = [other for other, their in choices.items() if best and best[0] in their]
            if len(best) == 1 and self._is_best(one, best[0], rivals):
                found.append((one, best[0]))
        for one, other in found:
            self._take(own, theirs, one, other)
        return bool(found)

    def _take_first(
        self, own: list[str], theirs: list[str], fits: Callable[[str, str], bool]
    ) -> bool:
        """Takes those that nothing but their order tells apart, in their order."""
        for one in own:
            best = self._best(one, theirs, fits)
            rivals = [other for other in own if best and best == self._best(other, theirs, fits)]
            if best:
                both = list(zip(rivals, best, strict=False))
                for mine, their in both:
                    self._take(own, theirs, mine, their)
                if max(len(rivals), len(best)) > 1:
                    self.ties.append(Tie(tuple(m for m, _ in both), tuple(t for _, t in both)))
                return True
        return False

    def _is_best(self, one: str, other: str, rivals: list[str]) -> bool:
        score = self.score(one, other)
        return all(self.score(rival, other) < score for rival in rivals if rival != one)

    def _best(self, one: str, theirs: list[str], fits: Callable[[str, str], bool]) -> list[str]:
        scores = {other: self.score(one, other) for other in theirs if fits(one, other)}
        best = max(scores.values(), default=None)
        return [other for other, score in scores.items() if score == best]

    def _take(self, own: list[str], theirs: list[str], one: str, other: str) -> None:
        self.add(one, other)
        own.remove(one)
        theirs.remove(other)
