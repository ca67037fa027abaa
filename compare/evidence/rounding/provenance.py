"""What made each value of a program: the equation, and the values that it was made of."""

import dataclasses
from collections.abc import Callable, Sequence

from compare.evidence.rounding.enclosure import Analysis, Enclosure, Equation
from compare.evidence.rounding.places import Calls, Place


@dataclasses.dataclass(frozen=True, eq=False)
class Derivation:
    """A value, what made it, and of what; a loop makes its results of all that is made in it."""

    one: Enclosure
    place: Place | None  # None of an argument or a constant
    operands: tuple["Derivation", ...] = ()
    inside: tuple["Derivation", ...] = ()  # of a loop or a branch

    @property
    def parents(self) -> tuple["Derivation", ...]:
        """All that it was made of."""
        return *self.operands, *self.inside

    @property
    def is_float(self) -> bool:
        """Whether it is an array of floating-point numbers."""
        return getattr(self.one.value.dtype, "kind", "O") == "f"


class History(Calls):
    """Keeps what made each value while a function is evaluated."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[int, Derivation] = {}
        self._order: list[Derivation] = []

    def apply(
        self, analysis: Analysis, eqn: Equation, operands: Sequence[Enclosure]
    ) -> list[Enclosure]:
        """Evaluates an equation and keeps what it made."""
        known = len(self._order)
        results = super().apply(analysis, eqn, operands)
        inside, place = tuple(self._order[known:]), self.place(eqn)
        read = tuple(map(self.of, operands))
        for one in results:  # one that is an operand, or made inside, is known already
            self._keep(Derivation(one, place, read, inside))
        return results

    def of(self, one: Enclosure) -> Derivation:
        """Returns what made a value."""
        return self._keep(Derivation(one, None))

    def _keep(self, made: Derivation) -> Derivation:
        if id(made.one) not in self._made:
            self._made[id(made.one)] = made
            self._order.append(made)
        return self._made[id(made.one)]


def origin(made: Derivation, holds: Callable[[Derivation], bool]) -> Derivation:
    """Goes back from a value of which something holds, to the first of which it does.

    Args:
      made: the value, of which it holds.
      holds: what is asked of a value.

    Returns:
      One of which it holds, and of none of those that it was made of.
    """
    while (before := next(filter(holds, made.parents), None)) is not None:
        made = before
    return made
