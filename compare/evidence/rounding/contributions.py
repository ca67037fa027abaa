"""Which lines of a program contribute how much to the bound of a result."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure, Equation
from compare.evidence.rounding.places import Calls, Place

Line = tuple[str, bool]
_LEAST = 0.005  # share that is worth a line


class Contribution(NamedTuple):
    """One line of source, in one direction."""

    places: tuple[Place, ...]  # of its equations, one for each primitive
    share: float  # of the bound that goes away if nothing is rounded there


class _Ablation(Calls):
    """Evaluates a function as if one line of it did not round."""

    def __init__(self, line: Line | None) -> None:
        super().__init__()
        self.line = line
        self.places: dict[Line, dict[str, Place]] = {}

    def apply(
        self, analysis: Analysis, eqn: Equation, operands: Sequence[Enclosure]
    ) -> list[Enclosure]:
        """Evaluates an equation, without rounding if it is of the line."""
        place = self.place(eqn)
        self.places.setdefault(place.line, {}).setdefault(place.primitive, place)
        if place.line != self.line:
            return super().apply(analysis, eqn, operands)
        exact = dataclasses.replace(analysis, rounds=False)
        return super().apply(exact, eqn, list(map(_as_held, operands, eqn.invars)))


def _as_held(one: Enclosure, atom: Any) -> Enclosure:
    """Takes a constant in the text of the program for the number that the dtype has."""
    return dataclasses.replace(one, error=0 * one.error) if hasattr(atom, "val") else one


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
    found = [
        Contribution(tuple(places.values()), 1 - evaluate(_Ablation(line)) / bound)
        for line, places in whole.places.items()
    ]
    found.sort(key=lambda one: -one.share)
    return [one for one in found[:most] if one.share >= _LEAST]
