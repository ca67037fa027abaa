"""Arithmetic entry by entry: sums, products, powers, and changes of dtype."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import gamma
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure

Rule = Callable[..., Enclosure]


def add(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """(a + e_a) + (b + e_b), rounded: e_a + e_b + u |a + b + e_a + e_b|."""
    return _sum(analysis, eqn, a.value + b.value, a, b)


def sub(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """The same of a - b."""
    return _sum(analysis, eqn, a.value - b.value, a, b)


def _sum(analysis: Analysis, eqn: Any, value: Array, a: Enclosure, b: Enclosure) -> Enclosure:
    """Allows for a kernel that adds one operand as a last term of a dot product, the other one."""
    arithmetic, xp = analysis.arithmetic(eqn), analysis.xp
    u = arithmetic.u
    as_terms = [
        gamma(one.terms + 1, arithmetic.sum_u) * xp.abs(other.value)
        for one, other in ((a, b), (b, a))
        if one.terms
    ]
    spread = analysis.total(a.error * (1 + u), b.error * (1 + u), u * xp.abs(value), *as_terms)
    return Enclosure(value, spread + 3 * arithmetic.lam)


def mul(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """(a + e_a) (b + e_b) - a b = a e_b + b e_a + e_a e_b, then rounded."""
    arithmetic, xp = analysis.arithmetic(eqn), analysis.xp
    u, value = arithmetic.u, a.value * b.value
    moved = [xp.abs(a.value) * b.error, xp.abs(b.value) * a.error, a.error * b.error]
    spread = analysis.total(*(one * (1 + u) for one in moved), u * xp.abs(value))
    flushed = arithmetic.lam * (1 + xp.abs(a.value) + xp.abs(b.value))
    return Enclosure(value, spread + flushed)


def div(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """|(a + e_a) / (b + e_b) - a / b| <= (e_a + |a / b| e_b) / (|b| - e_b), then rounded."""
    arithmetic, xp = analysis.arithmetic(eqn), analysis.xp
    u, value = arithmetic.u, a.value / b.value
    smallest = xp.abs(b.value) - b.error
    moved = analysis.total(a.error / smallest, xp.abs(value) * b.error / smallest)
    flushed = arithmetic.lam * (1 + (1 + xp.abs(value)) / smallest)
    spread = analysis.total(moved * (1 + u), u * xp.abs(value)) + flushed
    return Enclosure(value, xp.where(smallest > 0, spread, np.inf))


def square(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The second power."""
    return _power(analysis, eqn, a, 2)


def integer_pow(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """A power of 0 or more."""
    n = eqn.params["y"]
    if n < 0:
        raise NotImplementedError(
            "roundoff has no rule for negative integer powers; use a division"
        )
    return _power(analysis, eqn, a, n)


def _power(analysis: Analysis, eqn: Any, a: Enclosure, n: int) -> Enclosure:
    """|(a + e)^n - a^n| <= (|a| + e)^n - |a|^n, and n - 1 products are rounded."""
    arithmetic, xp = analysis.arithmetic(eqn), analysis.xp
    u, reach, others = arithmetic.u, xp.abs(a.value) + a.error, max(n - 1, 0)
    moved = reach**n - xp.abs(a.value) ** n if analysis.worst else n * reach**others * a.error
    spread = analysis.total(moved * (1 + u), gamma(others, u) * reach**n)
    return Enclosure(a.value**n, spread + arithmetic.lam * n * (1 + reach) ** others)


def maximum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """An error moves the result by no more than itself, and only where its side can win."""
    value = analysis.xp.maximum(a.value, b.value)
    return _extreme(analysis, eqn, value, a.value - b.value, a, b)


def minimum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """The same of the smaller one."""
    value = analysis.xp.minimum(a.value, b.value)
    return _extreme(analysis, eqn, value, b.value - a.value, a, b)


def _extreme(
    analysis: Analysis, eqn: Any, value: Array, lead: Array, a: Enclosure, b: Enclosure
) -> Enclosure:
    """Bounds the larger or smaller of a and b; `lead` is by how much a wins."""
    xp, slack = analysis.xp, a.error + b.error
    either = xp.where(-lead > slack, b.error, xp.maximum(a.error, b.error))
    return Enclosure(value, xp.where(lead > slack, a.error, either) + analysis.arithmetic(eqn).lam)


def unrounded(function: Callable[[Any, Array], Array]) -> Rule:
    """Returns the rule of an exact operation that keeps the error, such as a change of sign."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        del eqn
        return Enclosure(function(analysis.xp, a.value), a.error, a.terms)

    return rule


same = unrounded(lambda xp, value: value)
neg = unrounded(lambda xp, value: -value)
magnitude = unrounded(lambda xp, value: xp.abs(value))


def sign(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """ExactArithmetic where |a| > e; elsewhere -1 and 1 are 2 apart."""
    del eqn
    xp = analysis.xp
    uncertain = ~(xp.abs(a.value) > a.error)
    return Enclosure(xp.sign(a.value), xp.where(uncertain & ~(a.error == 0), 2.0, 0.0))


def convert_element_type(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Rounds by u |a| to a dtype of fewer digits; one of more digits is exact."""
    arithmetic, before = analysis.arithmetic(eqn), eqn.invars[0].aval.dtype
    u = arithmetic.u
    if a.value.dtype == bool:
        return Enclosure(a.value.astype(np.float64), a.error.astype(np.float64))
    if not jnp.issubdtype(before, jnp.floating):
        return Enclosure(a.value.astype(np.float64) if u else a.value, a.error)
    if not u:
        raise NotImplementedError("roundoff has no rule for conversion to integers")
    if jnp.finfo(before).eps / 2 > u:
        return a
    spread = analysis.total(a.error, u * analysis.xp.abs(a.value))
    return Enclosure(a.value, spread + arithmetic.lam, a.terms)
