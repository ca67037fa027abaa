"""Arithmetic entry by entry: sums, products and quotients."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import gamma, growth
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.primitives import exponents
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.readings import unrepeated

_FRACTION = 2**52 - 1  # the bits of it in a float64 number


def add(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """(a + e_a) + (b + e_b), rounded: e_a + e_b + u |a + b + e_a + e_b|."""
    return _sum(analysis, eqn, a.value + b.value, a, b)


def sub(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """The same of a - b."""
    return _sum(analysis, eqn, a.value - b.value, a, b)


def _sum(analysis: Analysis, eqn: Any, value: Array, a: Enclosure, b: Enclosure) -> Enclosure:
    """Allows for a kernel that adds one operand as a last term of a dot product, the other one."""
    arithmetic, xp = analysis.arithmetic(eqn.outvars[0].aval.dtype), analysis.xp
    u = arithmetic.u
    if not is_float(value.dtype):
        return Enclosure(value, a.error + b.error)
    lost = growth if arithmetic.is_plain else gamma
    as_terms = [
        lost(one.terms + 1, arithmetic.sum_u) * xp.abs(other.value)
        for one, other in ((a, b), (b, a))
        if one.terms
    ]
    rounded = u * xp.abs(value)
    for one in (a, b):
        is_zero = one.value == 0
        if analysis.may_be(is_zero):  # and adds nothing
            rounded = xp.where(is_zero & (one.error == 0), 0.0, rounded)
    spread = analysis.total(a.error * (1 + u), b.error * (1 + u), rounded, *as_terms)
    moved = a.error + b.error + sum(as_terms)
    if analysis.may_be(xp.isinf(value)):  # of a mask, say: what is added to it changes nothing
        sure = xp.isinf(value) & (xp.isinf(a.value) | xp.isinf(b.value))
        for one in (a, b):
            sure = sure & (xp.isinf(one.value) | xp.isfinite(one.value + one.error))
            sure = sure & (xp.isfinite(one.value) | (one.error == 0))
        spread, moved = (xp.where(sure, 0.0, error) for error in (spread, moved))
    return Enclosure(value, spread, moved=moved)


def mul(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """(a + e_a) (b + e_b) - a b = a e_b + b e_a + e_a e_b, then rounded.

    XLA makes exp(p + q) of exp(p) exp(q): see `exponents`.
    """
    u, xp = analysis.arithmetic(eqn.outvars[0].aval.dtype).u, analysis.xp
    value = a.value * b.value
    if not u and not is_float(value.dtype):
        size_a, size_b = (abs(one.value.astype(np.float64)) for one in (a, b))
        return Enclosure(value, size_a * b.error + size_b * a.error + a.error * b.error)
    moved = [xp.abs(a.value) * b.error, xp.abs(b.value) * a.error, a.error * b.error]
    rounded = _rounding(analysis, u, a, b) * xp.abs(value)
    exponent = exponents.of_product(analysis, u, a, b)
    if exponent is not None and a.exponent is not None and b.exponent is not None:
        rounded = rounded + exponents.cost(analysis, u, exponent) * (xp.abs(value) + sum(moved))
    spread = analysis.total(*(one * (1 + u) for one in moved), rounded)
    return Enclosure(value, spread, exponent=exponent)


def div(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """|(a + e_a) / (b + e_b) - a / b| <= (e_a + |a / b| e_b) / (|b| - e_b), then rounded.

    XLA multiplies by 1 / b if b is a constant or a scalar, and by exp(-q) if b is exp(q). Then two
    results are rounded. 1 / b underflows, which costs |a| lam, if |b| > 1 / (the smallest normal
    number); it overflows if |b| < 1 / (the largest number).
    """
    dtype, xp = eqn.outvars[0].aval.dtype, analysis.xp
    if not is_float(dtype):
        return _integer_division(analysis, a, b)
    arithmetic, value = analysis.arithmetic(dtype), a.value / b.value
    least, most = xp.abs(b.value) - b.error, xp.abs(b.value) + b.error
    moved = analysis.total(a.error / least, xp.abs(value) * b.error / least)
    rounded = _rounding(analysis, gamma(2, arithmetic.u), b)
    exponent = exponents.of_quotient(analysis, arithmetic.u, a, b)
    if exponent is not None and a.exponent is not None and b.exponent is not None:
        rounded = rounded + exponents.cost(analysis, arithmetic.u, exponent)
    spread = analysis.total(moved * (1 + rounded), rounded * xp.abs(value))
    info = jnp.finfo(dtype)
    tiny = most > 1 / float(info.smallest_normal)
    spread = spread + xp.where(tiny, arithmetic.lam * (xp.abs(a.value) + a.error), 0.0)
    known = least >= 1 / float(info.max)
    return Enclosure(value, xp.where(known, spread, np.inf), exponent=exponent)


def _integer_division(analysis: Analysis, a: Enclosure, b: Enclosure) -> Enclosure:
    """Rounds towards 0, and is -1 where b is 0, as JAX has it; unknown if b is uncertain."""
    xp, is_zero = analysis.xp, b.value == 0
    safe = xp.where(is_zero, 1, b.value).astype(b.value.dtype)
    down = a.value // safe  # rounds down
    up = (down * safe != a.value) & ((a.value < 0) != (safe < 0))
    value = xp.where(is_zero, ~xp.zeros_like(down), down + up)
    moved = xp.ceil(a.error / abs(safe.astype(np.float64)))
    known = (a.error == 0) | ~is_zero
    return Enclosure(value, xp.where((b.error == 0) & known, moved, np.inf))


def one_minus_square(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """(1 + a) (1 - a), three results rounded, or 1 - a a, two: |e (2 a + e)|, and the larger.

    The second loses u a^2 of a square that may underflow, before 1 - a^2 is rounded.
    """
    arithmetic, xp = analysis.arithmetic(eqn.outvars[0].aval.dtype), analysis.xp
    u, reach = arithmetic.u, xp.abs(a.value) + a.error
    value = (1 + a.value) * (1 - a.value)
    moved = a.error * (2 * xp.abs(a.value) + a.error)
    as_factors = gamma(3, u) * (xp.abs(value) + moved)
    as_square = (u * reach**2 + arithmetic.lam) * (1 + u) + u * (xp.abs(value) + moved)
    return Enclosure(value, analysis.total(moved, xp.maximum(as_factors, as_square)))


def _rounding(analysis: Analysis, u: float, *factors: Enclosure) -> Array | float:
    """Returns u, but 0 where a factor is exactly 0 or a power of two, as slopes of a max are."""
    exact: Array = False
    for one in factors if u else ():
        known = unrepeated(one.error) == 0
        if analysis.may_be(known):
            exact = exact | (known & ((unrepeated(one.value).view(np.int64) & _FRACTION) == 0))
    return u if exact is False else analysis.xp.where(exact, 0.0, u)


ROWS = rows(
    "elementwise",
    {
        "add": add,
        "add_any": add,
        "sub": sub,
        "mul": mul,
        "div": div,
        "one_minus_square": one_minus_square,
    },
    vanishing=("mul", "div"),
)
