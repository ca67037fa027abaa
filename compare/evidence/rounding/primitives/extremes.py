"""The larger and the smaller of numbers: an error moves the result by no more than itself."""

from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, Winners, is_float
from compare.evidence.rounding.primitives.row import rows


def maximum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """Of each error only as much counts as its side can win."""
    return _extreme(analysis, eqn, analysis.xp.maximum(a.value, b.value), 1, a, b)


def minimum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """The same of the smaller one."""
    return _extreme(analysis, eqn, analysis.xp.minimum(a.value, b.value), -1, a, b)


def clamp(analysis: Analysis, eqn: Any, low: Enclosure, a: Enclosure, high: Enclosure) -> Enclosure:
    """The smaller one of the larger one of a and low, and high."""
    low, high = (_spread(analysis, one, a.value.shape) for one in (low, high))
    return minimum(analysis, eqn, maximum(analysis, eqn, a, low), high)


def _spread(analysis: Analysis, one: Enclosure, shape: tuple[int, ...]) -> Enclosure:
    """Repeats one number for every entry."""
    if one.value.shape == shape:
        return one
    xp, ndim = analysis.xp, len(shape)
    error = xp.broadcast_to(one.error.reshape((-1, *(1,) * ndim)), (len(one.error), *shape))
    return Enclosure(xp.broadcast_to(one.value, shape), error)


def _extreme(
    analysis: Analysis, eqn: Any, value: Array, sign: int, a: Enclosure, b: Enclosure
) -> Enclosure:
    """Bounds the larger (sign 1) or smaller (-1) one of a and b.

    If either error is infinite, so is the slack, and no side is sure to win. In low precision one
    use of a value may be rounded and another not: there the result need not be one of the two.
    """
    xp = analysis.xp
    if a.error.dtype == bool:
        return Enclosure(value, a.error | b.error)
    (wide_a, e_a), (wide_b, e_b) = as_floats(analysis, a), as_floats(analysis, b)
    lead, slack = sign * (wide_a - wide_b), e_a + e_b
    either = xp.where(-lead > slack, b.error, xp.maximum(a.error, b.error))
    error = xp.where(lead > slack, a.error, either)
    same = not analysis.arithmetic(eqn.outvars[0].aval.dtype).is_low
    return Enclosure(value, error, among=(a, b) if same else ())


def reduce_max(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Returns the largest entry: it is between the largest a - e and the largest a + e."""
    value = a.value.max(tuple(eqn.params["axes"]))
    return _reduced(analysis, eqn, value, 1, a)


def reduce_min(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Returns the smallest entry in the same way."""
    value = a.value.min(tuple(eqn.params["axes"]))
    return _reduced(analysis, eqn, value, -1, a)


def _reduced(analysis: Analysis, eqn: Any, value: Array, sign: int, a: Enclosure) -> Enclosure:
    """Bounds the largest (sign 1) or smallest (-1) entry over axes.

    An entry is among the largest for certain if no other one can be; it is not, for certain, if
    another one must be.
    """
    xp, axes = analysis.xp, tuple(eqn.params["axes"])
    if a.error.dtype == bool:
        return decided(analysis, a, value, axes, by=sign > 0)
    size, error = as_floats(analysis, a)
    size = sign * size

    def reach(error: Array) -> Array:
        low, high = limits(xp, size, error)
        return distance(xp, low.max(axes), size.max(axes), high.max(axes))

    def open_(error: Array) -> Array:
        low, high = limits(xp, size, error)
        can = ~(high < low.max(axes, keepdims=True))
        alone = can & (can.sum(axes, keepdims=True) == 1)
        exact = (~can | (error == 0)).all(axes, keepdims=True)  # ties of these are certain
        return ~(alone | ~can | exact)

    same = is_float(a.value.dtype) and not analysis.arithmetic(eqn.invars[0].aval.dtype).is_low
    winners = Winners(a.value, analysis.each(open_, error)) if same else None
    return Enclosure(value, analysis.each(reach, error), winners=winners)


def decided(
    analysis: Analysis, a: Enclosure, value: Array, axes: tuple[int, ...], *, by: bool
) -> Enclosure:
    """Bounds what is True of booleans if any is (by True), or if all are (by False)."""
    sure = analysis.each(lambda error: ((a.value == by) & ~error).any(axes), a.error)
    return Enclosure(value, analysis.each(lambda error: error.any(axes), a.error) & ~sure)


def as_floats(analysis: Analysis, a: Enclosure) -> tuple[Array, Array]:
    """Returns values and errors that are float64, which large integers are rounded to."""
    if is_float(a.value.dtype):
        return a.value, a.error
    xp, value, error = analysis.xp, a.value.astype(np.float64), a.error.astype(np.float64)
    if not analysis.may_be(error > 0):
        return value, error
    lost = xp.abs(value) * 2.0**-52
    return value, error + xp.where((lost >= 2) & (error > 0), lost, 0.0)


def limits(xp: Any, value: Array, error: Array) -> tuple[Array, Array]:
    """Returns the least and the most that a number may be: NaN is the most of all."""
    known = xp.isfinite(error)
    return xp.where(known, value - error, -np.inf), xp.where(known, value + error, np.nan)


def distance(xp: Any, below: Array, value: Array, above: Array) -> Array:
    """Returns how far a value is from its limits: 0 where they are equal, even if not finite."""
    is_nan = xp.isnan(value)
    down = xp.where((below == value) | (is_nan & xp.isnan(below)), 0.0, value - below)
    up = xp.where((above == value) | (is_nan & xp.isnan(above)), 0.0, above - value)
    found = xp.maximum(down, up)
    return xp.where(xp.isnan(found), np.inf, found)


ROWS = rows(
    "selection",
    {
        "max": maximum,
        "min": minimum,
        "clamp": clamp,
        "reduce_max": reduce_max,
        "reduce_min": reduce_min,
    },
)
