"""Powers: those with an exponent that is known beforehand, and those of two numbers."""

import dataclasses
from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import gamma
from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.primitives import exponents
from compare.evidence.rounding.primitives.computed import computed, ends, farthest
from compare.evidence.rounding.primitives.elementwise import div
from compare.evidence.rounding.primitives.row import rows


def square(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The second power."""
    return _product(analysis, eqn, a, 2)


def integer_pow(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """A power; a negative one is 1 divided by the positive one."""
    n, dtype = eqn.params["y"], eqn.outvars[0].aval.dtype
    if n >= 0:
        return _product(analysis, eqn, a, n)
    one = analysis.exact(analysis.xp.ones_like(a.value))
    return div(analysis, eqn, one, analysis.as_made(_product(analysis, eqn, a, -n), dtype))


def _product(analysis: Analysis, eqn: Any, a: Enclosure, n: int) -> Enclosure:
    """|(a + e)^n - a^n| <= (|a| + e)^n - |a|^n = e sum of (|a| + e)^i |a|^(n-1-i).

    n - 1 products are rounded. All but the last may underflow too; what they are multiplied by is
    less than 1 then. Of an exponential, XLA adds up exponents: see `exponents`.
    """
    arithmetic, xp = analysis.arithmetic(eqn.outvars[0].aval.dtype), analysis.xp
    u, size, reach = arithmetic.u, xp.abs(a.value), xp.abs(a.value) + a.error
    moved = a.error * sum(reach**i * size ** (n - 1 - i) for i in range(n))
    spread = analysis.total(moved * (1 + u), gamma(max(n - 1, 0), u) * reach**n)
    inside = max(n - 2, 0) * arithmetic.lam
    small = (size - a.error < 1) & (reach > 0)
    exponent = exponents.of_power(analysis, u, a, n)
    if exponent is not None and n > 2:
        spread = spread + exponents.cost(analysis, 2 * u, exponent) * reach**n
    return Enclosure(a.value**n, spread + xp.where(small, inside, 0.0), exponent=exponent)


def power(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """A power of two numbers is monotone in both of them: its extremes are at the four corners.

    That is where no base is negative. If one is, a power is a number only where the exponent is
    exactly a whole one, and farthest from a^b at an end too, but for a pole at 0. XLA makes
    exp(p b) of exp(p)^b: its product is rounded by s = u |p b|, which changes the exponential by
    exp(s) - 1 of it.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    exponent = Enclosure(xp.asarray(b.value, np.float64), b.error)
    value = xp.power(a.value, exponent.value)
    (low, high), (least, most) = (ends(analysis, one, dtype) for one in (a, exponent))
    corners = (xp.power(base, n) for base in (low, high) for n in (least, most))
    moved = farthest(analysis, value, *corners)
    if analysis.may_be(low < 0):
        n = exponent.value
        whole = (b.error == 0) & (n == xp.rint(n)) & xp.isfinite(n)
        pole = (high >= 0) & (n < 0)
        moved = xp.where((low < 0) & (pole | ~whole), np.inf, moved)
    made = None
    if a.exponent is not None:
        u = analysis.arithmetic(dtype).u
        made = exponents.scaled(analysis, u, a.exponent, exponent)
        moved = moved + exponents.cost(analysis, u, made) * (xp.abs(value) + moved)
    found = computed(analysis, "pow", dtype, value, moved, (low, high), a, b)
    return dataclasses.replace(found, exponent=made)


ROWS = {
    **rows(
        "elementwise",
        {"square": square, "integer_pow": integer_pow},
        vanishing=("square", "integer_pow"),
    ),
    **rows("monotone", {"pow": power}, vanishing=("pow",)),
}
