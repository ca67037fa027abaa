"""Comparisons and choices: nothing is rounded, but an error may decide otherwise.

The error of a boolean is whether it is uncertain. An infinite error may hide NaN.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure

Rule = Callable[..., Enclosure]


def compared(compare: Callable[[Array, Array], Array]) -> Rule:
    """Returns the rule of a comparison.

    Of x and the larger of x and y it asks whether x >= y; of x and x, whether x is NaN.
    """

    def rule(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
        result = compare(a.value, b.value)
        if eqn.invars[0] is eqn.invars[1]:
            return Enclosure(result, ~analysis.xp.isfinite(a.error))
        for one, other in ((a, b), (b, a)):
            if any(one.value is candidate.value for candidate in other.among):
                a, b = other.among
        return Enclosure(result, _uncertain(analysis, a, b))

    return rule


def _uncertain(analysis: Analysis, a: Enclosure, b: Enclosure) -> Array:
    """Where |a - b| <= e_a + e_b, unless both are exact."""
    slack = a.error + b.error
    return ~(analysis.xp.abs(a.value - b.value) > slack) & ~(slack == 0)


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


def maximum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """An error moves the result by no more than itself, and only where its side can win."""
    value = analysis.xp.maximum(a.value, b.value)
    return _extreme(analysis, eqn, value, a.value - b.value, a, b)


def minimum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """The same of the smaller one."""
    value = analysis.xp.minimum(a.value, b.value)
    return _extreme(analysis, eqn, value, b.value - a.value, a, b)


def clamp(analysis: Analysis, eqn: Any, low: Enclosure, a: Enclosure, high: Enclosure) -> Enclosure:
    """The smaller one of the larger one of a and low, and high."""
    return minimum(analysis, eqn, maximum(analysis, eqn, a, low), high)


def _extreme(
    analysis: Analysis, eqn: Any, value: Array, lead: Array, a: Enclosure, b: Enclosure
) -> Enclosure:
    """Bounds the larger or smaller of a and b; `lead` is by how much a wins.

    If either error is infinite, so is the slack, and no side is sure to win. In low precision one
    use of a value may be rounded and another not: there the result need not be one of the two.
    """
    xp, slack = analysis.xp, a.error + b.error
    either = xp.where(-lead > slack, b.error, xp.maximum(a.error, b.error))
    error = xp.where(lead > slack, a.error, either)
    same = not analysis.arithmetic(eqn.outvars[0].aval.dtype).is_low
    return Enclosure(value, error, among=(a, b) if same else ())


def sign(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """It lies between the signs of a - e and of a + e."""
    del eqn
    xp, value = analysis.xp, analysis.xp.sign(a.value)
    up, down = xp.sign(a.value + a.error) - value, value - xp.sign(a.value - a.error)
    error = xp.where(a.error == 0, 0.0, xp.maximum(up, down))
    return Enclosure(value, xp.where(xp.isfinite(a.error), error, np.inf))


def unrounded(function: Callable[[Any, Array], Array]) -> Rule:
    """Returns the rule of an exact operation that keeps the error, such as a change of sign."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        del eqn
        return Enclosure(function(analysis.xp, a.value), a.error, a.terms)

    return rule


neg = unrounded(lambda xp, value: -value)
magnitude = unrounded(lambda xp, value: xp.abs(value))
