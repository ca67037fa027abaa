"""The larger and the smaller of numbers: an error moves the result by no more than itself."""

from typing import Any

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, Winners
from compare.evidence.rounding.primitives.row import Rule, rows


def maximum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """Of each error only as much counts as its side can win."""
    value = analysis.xp.maximum(a.value, b.value)
    return _extreme(analysis, eqn, value, a.value - b.value, a, b)


def minimum(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """The same of the smaller one."""
    value = analysis.xp.minimum(a.value, b.value)
    return _extreme(analysis, eqn, value, b.value - a.value, a, b)


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
    analysis: Analysis, eqn: Any, value: Array, lead: Array, a: Enclosure, b: Enclosure
) -> Enclosure:
    """Bounds the larger or smaller of a and b; `lead` is by how much a wins.

    If either error is infinite, so is the slack, and no side is sure to win. In low precision one
    use of a value may be rounded and another not: there the result need not be one of the two.
    """
    xp, slack = analysis.xp, a.error + b.error
    if a.error.dtype == bool:
        return Enclosure(value, slack)
    either = xp.where(-lead > slack, b.error, xp.maximum(a.error, b.error))
    error = xp.where(lead > slack, a.error, either)
    same = not analysis.arithmetic(eqn.outvars[0].aval.dtype).is_low
    return Enclosure(value, error, among=(a, b) if same else ())


def _reduced(sign: int) -> Rule:
    """Returns the rule of the largest (sign 1) or smallest (-1) entry over axes.

    The largest is no larger than max(a + e), and no smaller than max(a - e). An entry is among
    the largest for certain if no other one can be; it is not, for certain, if another one must be.
    """

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        xp, axes = analysis.xp, tuple(eqn.params["axes"])
        if a.error.dtype == bool:
            return Enclosure(a.value.max(axes), analysis.each(lambda e: e.any(axes), a.error))
        size = sign * a.value
        value = size.max(axes)

        def reach(error: Array) -> Array:
            above, below = (size + error).max(axes), (size - error).max(axes)
            return xp.where(
                xp.isnan(below), error.max(axes), xp.maximum(above - value, value - below)
            )

        def open_(error: Array) -> Array:
            can = size + error >= (size - error).max(axes, keepdims=True)
            alone = can & (can.sum(axes, keepdims=True) == 1)
            exact = (~can | (error == 0)).all(axes, keepdims=True)  # ties of these are certain
            return ~(alone | ~can | exact)

        error = analysis.each(reach, a.error)
        same = not analysis.arithmetic(eqn.invars[0].aval.dtype).is_low
        winners = Winners(a.value, analysis.each(open_, a.error)) if same else None
        return Enclosure(sign * value, error, winners=winners)

    return rule


ROWS = rows(
    "selection",
    {
        "max": maximum,
        "min": minimum,
        "clamp": clamp,
        "reduce_max": _reduced(1),
        "reduce_min": _reduced(-1),
    },
)
