"""Sums, extremes and log-sum-exps of the first k entries, for every k."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.extremes import as_floats, distance, limits
from compare.evidence.rounding.primitives.reduce import summed
from compare.evidence.rounding.primitives.row import Rule, rows

# u that exp, log1p and their argument cost where two log-sum-exps become one: at most, typically
_COMBINED, _TYPICALLY = 16, 2


def cumsum(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Sums of 1, 2, ... terms: see `summed`. The k-th is made of partial sums of its own terms."""
    xp, axis = analysis.xp, eqn.params["axis"]

    def add(array: Array) -> Array:
        return along(analysis, eqn, "cumsum", array)

    def partial(values: Array) -> Array:  # the first has one term
        sums = add(values) ** 2
        only = xp.take(sums, -1 if eqn.params["reverse"] else 0, axis)
        return add(sums) - xp.expand_dims(only, axis)

    return summed(analysis, eqn, a, add, counts(eqn, a.value.shape), partial)


def extremes(name: str) -> Rule:
    """Returns the rule of cummax or cummin: it is between that of all a - e and of all a + e."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        xp, value = analysis.xp, along(analysis, eqn, name, a.value)
        sign, (size, error) = 1 if name == "cummax" else -1, as_floats(analysis, a)

        def reach(error: Array) -> Array:
            low, high = limits(xp, sign * size, error)
            ends = (along(analysis, eqn, "cummax", one) for one in (low, high))
            below, above = ends
            return distance(xp, below, sign * value.astype(np.float64), above)

        return Enclosure(value, analysis.each(reach, error))

    return rule


def cumlogsumexp(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Joins p and q, partial results, to max(p, q) + log1p(exp(-|p - q|)), in any order.

    That errs by u |p - q| in an exponent, by the functions, and by u of its result. It hands on no
    more than the larger one of the errors of p and q. A partial result is between an entry and the
    largest one plus the logarithm of k. What is -inf for certain adds nothing.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    arithmetic, value = analysis.arithmetic(dtype), along(analysis, eqn, "cumlogsumexp", a.value)
    n = counts(eqn, a.value.shape)
    size = xp.where(xp.isinf(a.value), 0.0, xp.abs(a.value))

    def reach(error: Array) -> Array:
        low, high = limits(xp, a.value, error)
        ends = (along(analysis, eqn, "cumlogsumexp", one) for one in (low, high))
        below, above = ends
        return distance(xp, below, value, above)

    def partial(error: Array) -> Array:
        return along(analysis, eqn, "cummax", size + error) + np.log(n)

    def worst(moved: Array, most: Array) -> Array:
        return moved + (n - 1) * (arithmetic.u * (most + _COMBINED) + 2 * arithmetic.lam)

    def typical(moved: Array, most: Array) -> Array:
        each = arithmetic.u * (most + _TYPICALLY) + 2 * arithmetic.lam
        return xp.fmin(worst(moved, most), xp.sqrt(moved**2 + (n - 1) * each**2))

    moved, most = analysis.each(reach, a.error), analysis.each(partial, a.error)
    error = analysis.by_reading(worst, typical, moved, most)
    return Enclosure(value, xp.where(xp.isinf(value) & (moved == 0), 0.0, error))


def counts(eqn: Any, shape: tuple[int, ...]) -> Array:
    """Returns how many entries each result is made of, to be broadcast against results."""
    axis = eqn.params["axis"]
    numbers = np.arange(1, shape[axis] + 1)
    turned = numbers[::-1] if eqn.params["reverse"] else numbers
    return turned.reshape([-1 if number == axis else 1 for number in range(len(shape))])


_IN_NUMPY: dict[str, Callable[..., Array]] = {
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "cummax": np.maximum.accumulate,
    "cummin": np.minimum.accumulate,
    "cumlogsumexp": np.logaddexp.accumulate,
}


def along(analysis: Analysis, eqn: Any, name: str, array: Array) -> Array:
    """Accumulates an array along the axis, and in the direction, of an equation."""
    axis, reverse = eqn.params["axis"], eqn.params["reverse"]
    if analysis.xp is not np:
        made: Array = getattr(lax, name)(array, axis, reverse=reverse)
        return made
    accumulate = _IN_NUMPY[name]
    return (
        np.flip(accumulate(np.flip(array, axis), axis), axis)
        if reverse
        else accumulate(array, axis)
    )


ROWS = (
    rows("linear", {"cumsum": cumsum})
    | rows("selection", {"cummax": extremes("cummax"), "cummin": extremes("cummin")})
    | rows("monotone", {"cumlogsumexp": cumlogsumexp})
)
