"""Comparisons and choices. The error of a boolean is whether it is uncertain."""

import functools
import operator
from collections.abc import Callable
from typing import Any

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure

Rule = Callable[..., Enclosure]


def compared(compare: Callable[[Array, Array], Array]) -> Rule:
    """Returns the rule of a comparison: certain if |a - b| > e_a + e_b, or if both are exact."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
        slack = a.error + b.error
        uncertain = ~(analysis.xp.abs(a.value - b.value) > slack) & ~(slack == 0)
        if eqn.invars[0] is eqn.invars[1]:  # x != x asks for NaN
            uncertain = analysis.xp.zeros_like(uncertain)
        return Enclosure(compare(a.value, b.value), uncertain)

    return rule


def logical(function: Callable[..., Array]) -> Rule:
    """Returns the rule of and, or, not: uncertain if an operand is."""

    def rule(analysis: Analysis, eqn: Any, *args: Enclosure) -> Enclosure:
        del analysis, eqn
        uncertain = functools.reduce(operator.or_, (arg.error for arg in args))
        return Enclosure(function(*(arg.value for arg in args)), uncertain)

    return rule


def is_finite(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Uncertain if the bound is infinite, since the value may have overflowed."""
    del eqn
    return Enclosure(analysis.xp.isfinite(a.value), ~analysis.xp.isfinite(a.error))


def select_n(analysis: Analysis, eqn: Any, which: Enclosure, *cases: Enclosure) -> Enclosure:
    """Covers both cases if the choice is uncertain, as at the kink of a ReLU."""
    del eqn
    if len(cases) != 2 or which.value.dtype != bool:
        raise NotImplementedError("roundoff has no rule for select_n of other than two cases")
    xp, (no, yes) = analysis.xp, cases
    value = xp.where(which.value, yes.value, no.value)
    error = xp.where(which.value, yes.error, no.error)
    if value.dtype == bool:
        return Enclosure(value, error | (which.error & (yes.value != no.value)))
    either = xp.maximum(xp.abs(yes.value - value) + yes.error, xp.abs(no.value - value) + no.error)
    return Enclosure(value, xp.where(which.error, either, error))
