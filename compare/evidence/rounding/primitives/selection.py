"""Comparisons and choices: nothing is rounded, but an error may decide otherwise.

The error of a boolean is whether it is uncertain. An infinite error may hide NaN.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float, is_key
from compare.evidence.rounding.primitives.extremes import as_floats
from compare.evidence.rounding.primitives.integers import unwrapped
from compare.evidence.rounding.primitives.row import Rule, rows


def compared(compare: Callable[[Array, Array], Array]) -> Rule:
    """Returns the rule of a comparison.

    Of x and the larger of x and y it asks whether x >= y; of x and its largest entries, whether
    they are among them; of x and x, whether x is NaN.
    """

    def rule(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
        result = compare(a.value, b.value)
        if a.error.dtype == bool:
            return Enclosure(result, a.error | b.error)
        if eqn.invars[0] is eqn.invars[1]:
            return Enclosure(result, ~analysis.xp.isfinite(a.error))
        for one, other in ((a, b), (b, a)):
            if other.winners is not None and other.winners.of is one.value:
                return Enclosure(result, other.winners.uncertain)
            if any(one.value is candidate.value for candidate in other.among):
                a, b = other.among
        return Enclosure(result, _uncertain(analysis, a, b))

    return rule


def _comes_before(a: Array, b: Array) -> Array:
    """Compares as sorting does, with -0 before 0 and NaN as the last.

    Computed zeros have no certain sign. JAX makes one of the two before it compares in this way.
    """
    if not is_float(a.dtype):
        return a < b
    xp = np if isinstance(a, np.ndarray | np.generic) else jnp
    below = (a < b) | ((a == b) & xp.signbit(a) & ~xp.signbit(b))
    return below | (xp.isnan(b) & ~xp.isnan(a))


def _uncertain(analysis: Analysis, a: Enclosure, b: Enclosure) -> Array:
    """Where |a - b| <= e_a + e_b, unless both are exact."""
    (value_a, e_a), (value_b, e_b) = as_floats(analysis, a), as_floats(analysis, b)
    slack = e_a + e_b
    return ~(_distance(analysis, value_a, value_b) > slack) & ~(slack == 0)


def logical(function: Callable[..., Array]) -> Rule:
    """Returns the rule of and, or, not: uncertain if an operand is, unless another decides."""

    def rule(analysis: Analysis, eqn: Any, *args: Enclosure) -> Enclosure:
        value = function(*(arg.value for arg in args))
        if value.dtype != bool:  # bits of integers
            inexact = functools.reduce(operator.or_, (arg.error != 0 for arg in args))
            return Enclosure(value, analysis.xp.where(inexact, np.inf, 0.0))
        uncertain = functools.reduce(operator.or_, (arg.error for arg in args))
        decides = {"and": False, "or": True}.get(eqn.primitive.name)
        if decides is not None:
            sure = [(arg.value == decides) & ~arg.error for arg in args]
            uncertain = uncertain & ~functools.reduce(operator.or_, sure)
        return Enclosure(value, uncertain)

    return rule


def is_finite(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Uncertain if the bound is infinite, since the value may have overflowed."""
    del eqn
    return Enclosure(analysis.xp.isfinite(a.value), ~analysis.xp.isfinite(a.error))


def select_n(analysis: Analysis, eqn: Any, which: Enclosure, *cases: Enclosure) -> Enclosure:
    """Covers every case if the choice is uncertain, as at the kink of a ReLU."""
    del eqn
    xp, shape = analysis.xp, cases[0].value.shape
    ndim = len(shape)
    index, is_open = which.value, which.error != 0
    if which.value.ndim < ndim:  # one number chooses for all entries
        index = xp.broadcast_to(index, shape)
        is_open = xp.broadcast_to(is_open.reshape((-1, *(1,) * ndim)), (len(is_open), *shape))
    value, error = cases[0].value, cases[0].error
    are_keys = is_key(value.dtype)  # which NumPy does not have
    for number, case in enumerate(cases[1:], 1):
        value = (jnp if are_keys else xp).where(index == number, case.value, value)
        error = xp.where(index == number, case.error, error)
    if not analysis.may_be(is_open):
        return Enclosure(value, error)
    if are_keys:
        return Enclosure(value, xp.where(is_open, np.inf, error))
    for case in cases:
        if error.dtype == bool:
            error = error | (is_open & (case.error | (case.value != value)))
        else:
            reach = _distance(analysis, case.value, value) + case.error
            error = xp.where(is_open, xp.maximum(error, reach), error)
    return Enclosure(value, error)


def _distance(analysis: Analysis, a: Array, b: Array) -> Array:
    """Returns |a - b|, which is 0 of equal infinities."""
    wide = analysis.xp.abs(a.astype(np.float64) - b.astype(np.float64))
    return analysis.xp.where(a == b, 0.0, wide)


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
        made, dtype = Enclosure(function(analysis.xp, a.value), a.error, a.terms), a.value.dtype
        return made if is_float(dtype) else unwrapped(analysis, made, dtype)

    return rule


def neg(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """-a; XLA makes exp(p + q) of exp(p) and -exp(q) too, and then changes the sign."""
    made, dtype = Enclosure(-a.value, a.error, a.terms, exponent=a.exponent), a.value.dtype
    return made if is_float(dtype) else unwrapped(analysis, made, dtype)


ROWS = rows(
    "selection",
    {
        "neg": neg,
        "abs": unrounded(lambda xp, value: xp.abs(value)),
        "sign": sign,
        "gt": compared(operator.gt),
        "ge": compared(operator.ge),
        "lt": compared(operator.lt),
        "le": compared(operator.le),
        "lt_to": compared(_comes_before),
        "le_to": compared(lambda a, b: ~_comes_before(b, a)),
        "eq_to": compared(lambda a, b: ~_comes_before(a, b) & ~_comes_before(b, a)),
        "eq": compared(operator.eq),
        "ne": compared(operator.ne),
        "and": logical(operator.and_),
        "or": logical(operator.or_),
        "xor": logical(operator.xor),
        "not": logical(operator.invert),
        "is_finite": is_finite,
        "select_n": select_n,
    },
)
