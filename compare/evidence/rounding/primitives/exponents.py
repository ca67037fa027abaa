"""Exponentials of which XLA makes one: exp(p) exp(q) becomes exp(p + q), and so on in chains.

Each result that is an exponential, to XLA, keeps of what: a product or quotient of two, a power of
one, its reciprocal, and what it is when it is multiplied by 1 or reshaped.
"""

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure


def added(analysis: Analysis, u: float, p: Enclosure, q: Enclosure, sign: int) -> Enclosure:
    """Returns p + q, or p - q, rounded."""
    value, error = p.value + sign * q.value, p.error + q.error
    return Enclosure(value, error + u * (analysis.xp.abs(value) + error))


def scaled(analysis: Analysis, u: float, p: Enclosure, factor: Enclosure) -> Enclosure:
    """Returns p times a factor, rounded."""
    xp = analysis.xp
    reach = (xp.abs(p.value) + p.error) * (xp.abs(factor.value) + factor.error)
    value = p.value * factor.value
    return Enclosure(value, reach - xp.abs(value) + u * reach)


def cost(analysis: Analysis, u: float, p: Enclosure) -> Array:
    """Returns what it costs an exponential, relatively, that its argument p is rounded.

    It is rounded by s = u |p|, and exp(s) - 1 is how much that changes the exponential.
    """
    return analysis.xp.expm1(u * (analysis.xp.abs(p.value) + p.error))


def of_product(analysis: Analysis, u: float, a: Enclosure, b: Enclosure) -> Enclosure | None:
    """Returns of what a b is the exponential, if it is that of anything."""
    if a.exponent is not None and b.exponent is not None:
        return added(analysis, u, a.exponent, b.exponent, 1)
    for one, other in ((a, b), (b, a)):
        if one.exponent is not None and _may_be_one(analysis, other):
            return one.exponent
    return None


def of_quotient(analysis: Analysis, u: float, a: Enclosure, b: Enclosure) -> Enclosure | None:
    """Returns of what a / b is the exponential, if it is that of anything."""
    if a.exponent is not None and b.exponent is not None:
        return added(analysis, u, a.exponent, b.exponent, -1)
    if b.exponent is not None and _may_be_one(analysis, a):
        return Enclosure(-b.exponent.value, b.exponent.error)
    return a.exponent if a.exponent is not None and _may_be_one(analysis, b) else None


def of_power(analysis: Analysis, u: float, a: Enclosure, n: int) -> Enclosure | None:
    """Returns of what a^n is the exponential, if a is one, by squares and products of them.

    p + p is exact. The sums of different powers of two times p are no more than 2 |n p| together.
    """
    if a.exponent is None:
        return None
    value, error = n * a.exponent.value, abs(n) * a.exponent.error
    rounded = 0.0 if abs(n) <= 2 else 2 * u
    return Enclosure(value, error + rounded * (analysis.xp.abs(value) + error))


def _may_be_one(analysis: Analysis, one: Enclosure) -> bool:
    return analysis.xp is not np or bool(((one.value == 1) & (one.error == 0)).all())
