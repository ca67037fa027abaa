"""Which lines of a program contribute how much to the bound of a result."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure, Equation
from compare.evidence.rounding.places import Calls, Place
from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.primitives.integers import is_integral

Line = tuple[str, bool]
_LEAST = 0.005  # share that is worth a line


class Contribution(NamedTuple):
    """One line of source, in one direction."""

    places: tuple[Place, ...]  # one for each of its primitives that round
    share: float  # of the bound that goes away if nothing is rounded there


class _Ablation(Calls):
    """Evaluates a function as if one line of it did not round.

    A loop is not of a line, and neither is anything else that evaluates equations of their own.
    """

    def __init__(self, line: Line | None, around: frozenset[Place] = frozenset()) -> None:
        super().__init__()
        self.line = line
        self.around = set(around)  # other equations
        self.places: dict[Line, dict[str, Place]] = {}
        self._evaluated = 0

    def apply(
        self, analysis: Analysis, eqn: Equation, operands: Sequence[Enclosure]
    ) -> list[Enclosure]:
        """Evaluates an equation, without rounding if it is of the line."""
        place = self.place(eqn)
        self._evaluated += 1
        if place.line == self.line and place not in self.around:
            exact = dataclasses.replace(analysis, rounds=False)
            return super().apply(exact, eqn, list(map(_as_held, operands, eqn.invars)))
        before = self._evaluated
        made = super().apply(analysis, eqn, operands)
        if self._evaluated > before:
            self.around.add(place)
        elif not is_integral(eqn):
            self.places.setdefault(place.line, {}).setdefault(place.primitive, place)
        return made


def _as_held(one: Enclosure, atom: Any) -> Enclosure:
    """Takes a constant in the text of the program for the number that the dtype has."""
    return dataclasses.replace(one, error=0 * one.error) if hasattr(atom, "val") else one


def _rounding(places: Iterable[Place]) -> tuple[Place, ...]:
    """Returns those that round; all of them, where the line rounds no more than a constant."""
    found = tuple(places)
    return tuple(place for place in found if RULES[place.primitive].rounds) or found


def contributions(evaluate: Callable[[Calls], float], *, most: int) -> list[Contribution]:
    """Evaluates a function once for every line of it, as if that line did not round.

    Args:
      evaluate: evaluates the function as a Calls applies equations, and returns the bound of one
        number.
      most: how many lines to return.

    Returns:
      Those that contribute most, in that order; none if the bound is 0 or infinite.
    """
    whole = _Ablation(None)
    bound = evaluate(whole)
    if not 0 < bound < np.inf:
        return []
    around = frozenset(whole.around)
    found = [
        Contribution(_rounding(places.values()), 1 - evaluate(_Ablation(line, around)) / bound)
        for line, places in whole.places.items()
    ]
    found.sort(key=lambda one: -one.share)
    return [one for one in found[:most] if one.share >= _LEAST]
