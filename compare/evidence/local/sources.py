"""Of which places, and of which arguments, every place of a program is computed."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from compare.evidence.rounding.interpreter import interpret
from compare.problem.occurrences import Occurrences

Sources = frozenset[str]
_NONE: Sources = frozenset()


class Origins(NamedTuple):
    """Where everything comes from.

    Attributes:
      places: place -> the nearest places and arguments before it, in the order of the program.
      shapes: place -> the shape of the array there.
      results: the places and arguments before every result.
    """

    places: dict[str, Sources]
    shapes: dict[str, tuple[int, ...]]
    results: tuple[Sources, ...]

    def known(self, sources: Sources, recorded: Collection[str]) -> Sources:
        """Returns the nearest sources that a run has recorded, or that are arguments."""
        return self._followed(sources, recorded)[0]

    def unknown(self, sources: Sources, recorded: Collection[str]) -> Sources:
        """Returns the places between these and the sources: what a run has not recorded."""
        return self._followed(sources, recorded)[1]

    def _followed(self, sources: Sources, recorded: Collection[str]) -> tuple[Sources, Sources]:
        found, passed, todo = set(), set(), set(sources)
        while todo:
            name = todo.pop()
            if name in recorded or name not in self.places:
                found.add(name)
            else:
                passed.add(name)
                todo |= self.places[name] - passed
        return frozenset(found), frozenset(passed)


def origins(closed: Any, arguments: Sequence[str]) -> Origins:
    """Follows the names of places through a jaxpr.

    Args:
      closed: the jaxpr.
      arguments: the name of every input; '' of one that is not worth a name.
    """
    walk = _Walk()
    given = [frozenset([name]) if name else _NONE for name in arguments]
    results = tuple(walk.through(closed, given))
    return Origins(walk.places, walk.shapes, results)


class _Walk:
    """One pass through a program, in which a value is the set of places before it."""

    def __init__(self) -> None:
        self.places: dict[str, Sources] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._occurrences = Occurrences()

    def through(self, closed: Any, args: Sequence[Sources]) -> list[Sources]:
        """Evaluates a jaxpr."""
        return interpret(
            closed,
            args,
            constant=lambda _: _NONE,
            apply=self._apply,
            within=self._occurrences.within,
        )

    def _apply(self, eqn: Any, operands: Sequence[Sources]) -> list[Sources]:
        name = eqn.primitive.name
        if name == "name":
            place = self._occurrences.next(eqn.params["name"])
            if place is None:
                return list(operands)
            self.places[place], self.shapes[place] = operands[0], eqn.outvars[0].aval.shape
            return [frozenset([place])]
        if name == "scan":
            return self._scan(eqn, operands)
        return [_NONE.union(*operands)] * len(eqn.outvars)

    def _scan(self, eqn: Any, operands: Sequence[Sources]) -> list[Sources]:
        params = eqn.params
        n_consts, n_carry = params["num_consts"], params["num_carry"]
        consts, entries = operands[:n_consts], operands[n_consts + n_carry :]
        carry = list(operands[n_consts : n_consts + n_carry])
        stacked = [_NONE] * (len(eqn.outvars) - n_carry)
        for _ in range(params["length"]):
            made = self.through(params["jaxpr"], [*consts, *carry, *entries])
            carry = made[:n_carry]
            stacked = [a | b for a, b in zip(stacked, made[n_carry:], strict=True)]
        return [*carry, *stacked]
