"""What asks and chooses: the error of a boolean says where it is uncertain."""

import functools
import operator
from collections.abc import Callable
from typing import Any

from compare.evidence.rounding.bounded import Analysis, Array, Bounded

Rule = Callable[..., Bounded]


def compared(compare: Callable[[Array, Array], Array]) -> Rule:
    """Makes a rule of a comparison: certain if |a - b| > e_a + e_b, or if both are exact."""

    def rule(analysis: Analysis, eqn: Any, a: Bounded, b: Bounded) -> Bounded:
        slack = a.error + b.error
        uncertain = ~(analysis.xp.abs(a.value - b.value) > slack) & ~(slack == 0)
        if eqn.invars[0] is eqn.invars[1]:  # x != x asks for NaN
            uncertain = analysis.xp.zeros_like(uncertain)
        return Bounded(compare(a.value, b.value), uncertain)

    return rule


def logical(function: Callable[..., Array]) -> Rule:
    """Makes a rule of and, or, not: uncertain where an operand is."""

    def rule(analysis: Analysis, eqn: Any, *args: Bounded) -> Bounded:
        del analysis, eqn
        uncertain = functools.reduce(operator.or_, (arg.error for arg in args))
        return Bounded(function(*(arg.value for arg in args)), uncertain)

    return rule


def is_finite(analysis: Analysis, eqn: Any, a: Bounded) -> Bounded:
    """Uncertain where the bound is infinite: the value may have overflowed."""
    del eqn
    return Bounded(analysis.xp.isfinite(a.value), ~analysis.xp.isfinite(a.error))


def select_n(analysis: Analysis, eqn: Any, which: Bounded, *cases: Bounded) -> Bounded:
    """Where the choice is uncertain the bound covers both cases: the kink of a ReLU."""
    del eqn
    if len(cases) != 2 or which.value.dtype != bool:
        raise NotImplementedError("roundoff has no rule for select_n of other than two cases")
    xp, (no, yes) = analysis.xp, cases
    value = xp.where(which.value, yes.value, no.value)
    error = xp.where(which.value, yes.error, no.error)
    if value.dtype == bool:
        return Bounded(value, error | (which.error & (yes.value != no.value)))
    either = xp.maximum(xp.abs(yes.value - value) + yes.error, xp.abs(no.value - value) + no.error)
    return Bounded(value, xp.where(which.error, either, error))
