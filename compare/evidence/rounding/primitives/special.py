"""The logarithm of |Gamma|, and its derivative. Both have poles at 0, -1, -2 and so on."""

from typing import Any

import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.computed import computed, ends, farthest
from compare.evidence.rounding.primitives.costs import cost_of
from compare.evidence.rounding.primitives.row import rows


def lgamma(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """It is convex between two poles, and so farthest from its value at a at an end."""
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    value, (low, high) = _log_gamma(xp, a.value), ends(analysis, a, dtype)
    moved = farthest(analysis, value, _log_gamma(xp, low), _log_gamma(xp, high))
    moved = _unless_pole(analysis, a, low, high, moved)
    return computed(analysis, "lgamma", dtype, value, moved, (low, high), a)


def digamma(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """It increases between two poles."""
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    own = 2 * cost_of("digamma", dtype).argument * analysis.arithmetic(dtype).u
    value, (low, high) = _digamma(xp, a.value), ends(analysis, a, dtype, more=own)
    moved = farthest(analysis, value, _digamma(xp, low), _digamma(xp, high))
    moved = _unless_pole(analysis, a, low, high, moved)
    return computed(analysis, "digamma", dtype, value, moved, (low, high), a)


def _unless_pole(analysis: Analysis, a: Enclosure, low: Array, high: Array, moved: Array) -> Array:
    """Makes it infinite where the interval of arguments holds 0 or a negative whole number."""
    xp = analysis.xp
    pole = xp.ceil(low) <= xp.minimum(high, 0.0)
    return xp.where(pole | xp.isinf(a.value), np.inf, moved)


def _log_gamma(xp: Any, x: Array) -> Array:
    if xp is not np:
        return lax.lgamma(x)
    import scipy.special

    return scipy.special.gammaln(x)


def _digamma(xp: Any, x: Array) -> Array:
    """Reflects numbers left of 0, since SciPy loses all digits near a pole there."""
    if xp is not np:
        return lax.digamma(x)
    import scipy.special

    left = x < 0
    right = scipy.special.psi(np.where(left, 1 - x, x))
    return np.where(left, right - np.pi / np.tan(np.pi * (x - np.rint(x))), right)


ROWS = rows("monotone", {"digamma": digamma, "lgamma": lgamma})
