"""Sums over axes."""

from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import gamma
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.row import rows


def reduce_sum(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """|sum~ - sum| <= sum e + gamma_{n-1} sum (|a| + e), in any order.

    Typically every partial sum is rounded, in the order of the entries, and what is added up in
    another order is rounded like n sums of random signs. Each partial sum may be flushed to zero,
    by lam. Infinite if one may overflow.
    """
    dtype, xp, axes = eqn.outvars[0].aval.dtype, analysis.xp, tuple(eqn.params["axes"])
    arithmetic = analysis.arithmetic(dtype)
    n = int(np.prod([a.value.shape[i] for i in axes], dtype=int))
    size, u = xp.abs(a.value), arithmetic.u
    rounded = gamma(max(n - 1, 0), u)

    def worst(error: Array) -> Array:
        return xp.sum(error, axis=axes) + rounded * xp.sum(size + error, axis=axes)

    def typical(error: Array) -> Array:
        squares = n * xp.sum((size + error) ** 2, axis=axes) + _squared_sums(xp, a.value, axes)
        return xp.sqrt(xp.sum(error**2, axis=axes) + u**2 * squares)

    def reach(error: Array) -> Array:
        return xp.sum(size + error, axis=axes)

    error, total = analysis.by_reading(worst, typical, a.error), analysis.each(reach, a.error)
    flushed = xp.where(total > 0, max(n - 2, 0) * arithmetic.lam, 0.0)
    fits = analysis.fits(total * (1 + rounded), dtype)
    return Enclosure(xp.sum(a.value, axis=axes), xp.where(fits, error + flushed, np.inf))


def _squared_sums(xp: Any, values: Array, axes: tuple[int, ...]) -> Array:
    """Returns the sum of the squares of all partial sums, in the order of the entries."""
    kept = [i for i in range(values.ndim) if i not in axes]
    rows = values.transpose(*kept, *sorted(axes)).reshape(*(values.shape[i] for i in kept), -1)
    return xp.sum(xp.cumsum(rows, axis=-1)[..., 1:] ** 2, axis=-1)


ROWS = rows("linear", {"reduce_sum": reduce_sum})
