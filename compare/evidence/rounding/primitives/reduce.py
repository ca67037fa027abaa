"""Sums over axes."""

from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import gamma
from compare.evidence.rounding.enclosure import Analysis, Enclosure


def reduce_sum(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """|sum~ - sum| <= sum e + gamma_{n-1} sum (|a| + e), in any order."""
    arithmetic, xp = analysis.arithmetic(eqn), analysis.xp
    u, axes = arithmetic.u, tuple(eqn.params["axes"])
    n = int(np.prod([a.value.shape[i] for i in axes], dtype=int))
    reach = xp.abs(a.value) + a.error
    if analysis.worst:
        error = xp.sum(a.error, axis=axes) + gamma(max(n - 1, 0), u) * xp.sum(reach, axis=axes)
    else:
        error = xp.sqrt(xp.sum(a.error**2, axis=axes) + n * u * u * xp.sum(reach**2, axis=axes))
    return Enclosure(xp.sum(a.value, axis=axes), error + 3 * n * arithmetic.lam)
