"""Softmax as evidence sees it, and what computing it may cost.

The sample axis is last: z is [k, N]. u is the unit roundoff of the implementation's dtype, lam what
underflow may cost.
"""

import math
from typing import Any

import numpy as np

from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.rounding.arithmetic import gamma

_EXP_ULPS = 6  # of exp of any argument: near overflow XLA is off by up to 5.3
_MOST_BELOW = 709.0  # beyond it exp overflows in float64


def softmax(xp: Any, z: Array) -> Array:
    """Returns exp(z_i) over the sum of all; it never overflows."""
    e = xp.exp(z - xp.max(z, axis=0))
    return e / xp.sum(e, axis=0)


def softmax_error(xp: Any, z: Array, z_error: Array, rounding: Rounding) -> Array:
    """Returns how far a computed softmax may be off, [k, N].

    With m = max z and S the sum, p is exp(z - m) / S, exp(z - m - log S), exp(z) / sum exp(z) or
    exp(z - log sum exp(z)). By any of these, exp(z_i) is off by a factor of at most exp(E_i),

        E_i = e_i + u (3 |z_i - m| + 3 |m| + 3 log k + 2 _EXP_ULPS + 8),

    for the roundings of z - m, of log S, which is log k at most, of m + log S, 2 u |m + log S| if
    it is a logarithm, and of their differences. The sum is off by what its terms are, weighted by
    p, and gamma_{k+3}. Where no exp(z) is large they may all be flushed: by lam / exp(m) of p.
    """
    u, k = rounding.u, len(z)
    p, top = softmax(xp, z), xp.max(z, axis=0)
    cost = 3 * (top - z) + 3 * xp.abs(top) + 3 * math.log(k) + 2 * _EXP_ULPS + 8
    each = z_error + u * cost
    relative = each + xp.sum(p * each, axis=0) + gamma(k + 3, u)
    flushed = (k + 2) * rounding.lam * xp.exp(xp.clip(-top, 0, _MOST_BELOW))
    return xp.fmin(p * xp.expm1(xp.fmin(relative, _MOST_BELOW)) + flushed, 1.0)


def analytic_softmax(z: np.ndarray) -> np.ndarray:
    """Returns softmax of complex z, [k, N]."""
    e = np.exp(z - z.real.max(axis=0))
    return np.asarray(e / e.sum(axis=0))
