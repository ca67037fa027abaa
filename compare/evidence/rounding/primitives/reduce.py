"""Sums and largest entries over axes."""

from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import gamma
from compare.evidence.rounding.enclosure import Analysis, Enclosure


def reduce_sum(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """|sum~ - sum| <= sum e + gamma_{n-1} sum (|a| + e), in any order.

    Each partial sum may be flushed to zero, by lam. Infinite if one may overflow.
    """
    dtype, xp, axes = eqn.outvars[0].aval.dtype, analysis.xp, tuple(eqn.params["axes"])
    arithmetic = analysis.arithmetic(dtype)
    n = int(np.prod([a.value.shape[i] for i in axes], dtype=int))
    reach, rounded = xp.abs(a.value) + a.error, gamma(max(n - 1, 0), arithmetic.u)
    size = xp.sum(reach, axis=axes)
    if analysis.worst:
        error = xp.sum(a.error, axis=axes) + rounded * size
    else:
        squares = n * arithmetic.u**2 * xp.sum(reach**2, axis=axes)
        error = xp.sqrt(xp.sum(a.error**2, axis=axes) + squares)
    flushed = xp.where(size > 0, max(n - 2, 0) * arithmetic.lam, 0.0)
    fits = analysis.fits(size * (1 + rounded) if analysis.worst else size, dtype)
    return Enclosure(xp.sum(a.value, axis=axes), xp.where(fits, error + flushed, np.inf))


def reduce_max(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The largest is no larger than max(a + e), and no smaller than max(a - e)."""
    xp, axes = analysis.xp, tuple(eqn.params["axes"])
    value = xp.max(a.value, axis=axes)
    above = xp.max(a.value + a.error, axis=axes) - value
    return Enclosure(value, xp.maximum(above, value - xp.max(a.value - a.error, axis=axes)))
