"""A mathematical function as libraries compute it: within some ulp, at an uncertain argument."""

from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.costs import Range, cost_of

# This share of the cost is a typical error: four of these, from where on an error is no typical
# one, are the cost itself.
_TYPICAL = 1 / 4
# A result of at most so many smallest normal numbers is made of a smaller one, which is flushed:
# XLA's asin(x) of x / 2.
_UNDERFLOWS = 4


def ends(analysis: Analysis, a: Enclosure, dtype: Any, *, more: float = 0.0) -> tuple[Array, Array]:
    """Returns the smallest and the largest argument, [readings, *shape] each.

    Args:
      analysis: how bounds are worked out.
      a: the argument, with its error.
      dtype: of the argument.
      more: by how much of its size it may be off beside.
    """
    xp, error = analysis.xp, a.error
    if more:
        error = error + more * xp.abs(a.value)
    low, high = a.value - error, a.value + error
    if dtype == np.float64:  # a difference of float64 numbers may be rounded towards a
        low = xp.where(error > 0, xp.nextafter(low, -np.inf), low)
        high = xp.where(error > 0, xp.nextafter(high, np.inf), high)
    return low, high


def farthest(analysis: Analysis, value: Array, *others: Array) -> Array:
    """Returns how far the farthest of others is from a value."""
    apart = [analysis.xp.abs(other - value) for other in others]
    for one in apart[1:]:
        apart[0] = analysis.xp.maximum(apart[0], one)
    return apart[0]


def computed(
    analysis: Analysis,
    name: str,
    dtype: Any,
    value: Array,
    moved: Array,
    arguments: tuple[Array, Array],
    *operands: Enclosure,
) -> Enclosure:
    """Adds what a library may be off by to what the argument's error moves the result by.

    Args:
      analysis: how bounds are worked out.
      name: of the function, in the table of costs.
      dtype: of the result.
      value: of the function at the argument.
      moved: how far the function is from that at other arguments, [readings, *shape].
      arguments: the smallest and the largest, of the same shape.
      operands: of the equation. An error of theirs that is infinite may hide NaN.
    """
    xp, arithmetic = analysis.xp, analysis.arithmetic(dtype)
    spread = moved
    if arithmetic.u:
        size = xp.abs(value) + moved
        at = Range(xp, *arguments, size, np.dtype(dtype))
        spread = analysis.by_reading(
            lambda moved, rounded: moved + rounded,
            lambda moved, rounded: xp.hypot(moved, _TYPICAL * rounded),
            *xp.broadcast_arrays(moved, 2 * arithmetic.u * cost_of(name, dtype).of(at)),
        )
        tiny = size <= _UNDERFLOWS * arithmetic.lam
        if analysis.may_be(tiny):
            spread = spread + xp.where(tiny, size, 0.0)
    for operand in operands:
        hidden = xp.isinf(operand.error)
        if analysis.may_be(hidden):
            spread = xp.where(hidden, np.inf, spread)
    return Enclosure(value, spread)
