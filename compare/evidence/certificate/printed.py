"""What print hides of a gradient.

Each entry g that was read from print is only known to |text - g*| <= e, with g* what the
implementation computed and e half a unit of the last printed digit. Print is 0 away from a number
that it gives in full; there e is 0 or harmless. The sample axis is last. Shape letters: N samples,
n_l units of layer l.
"""

from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.phi import Array
from compare.evidence.certificate.recovered import Rounding, recover, rounding_of
from compare.evidence.rounding.arithmetic import plain_arithmetic

# e is a decimal fraction held in float64, and rounding errors are worked out at values that print
# has moved by e: both are far below this.
_SECOND_ORDER = 1 + 2.0**-13
_MOST_DOUBT = 0.99  # share of h that may be in doubt; beyond it nothing is recovered


class Recovered(NamedTuple):
    """An input of a layer as dL/dw and delta give it."""

    h: Array  # [n_in, N]
    error: Array  # [n_in, N]
    known: Array  # [N] bool; elsewhere h and error are 0


def hidden_by_print(xp: Any, g: Array, e: Array, rounding: Rounding) -> Array:
    """Bounds |g - g*|, where g is the text rounded to the dtype and g* is of that dtype.

    g is as near to the text as g* or nearer, so it adds min(e, u |g|). Numbers of the dtype are
    u |g| apart or more, so g is g* where 2 e < u |g|: with 9 digits of a float32 nothing is hidden.
    """
    half_step = rounding.u * xp.abs(g)
    away = e + xp.minimum(e, half_step + rounding.lam * rounding.u)
    return xp.where(2.1 * e < half_step, 0.0, _SECOND_ORDER * away)


def hidden_in(values: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Does the same for an array whose dtype is that of the arithmetic."""
    return hidden_by_print(
        np, values.astype(np.float64), e, rounding_of(plain_arithmetic(values.dtype))
    )


def doubt(xp: Any, delta: Array, hidden: Array) -> Array:
    """Returns q = sum_j e_j |delta_j| / |delta|^2, [N]; infinite where delta is 0."""
    largest = xp.max(xp.abs(delta), axis=0)
    scale = xp.where(largest > 0, largest, 1.0)
    unit = xp.abs(delta) / scale
    q = xp.sum(hidden / scale * unit, axis=0) / xp.maximum(xp.sum(unit * unit, axis=0), 1.0)
    return xp.where(largest > 0, q, np.inf)


def recover_printed(
    xp: Any, dw: Array, delta: Array, dw_hidden: Array, delta_hidden: Array, rounding: Rounding
) -> Recovered:
    """Recovers h [n_in, N] from gradients that print has moved by what is hidden at most.

    With s_j = delta_j / |delta|^2, h = sum_j dw_j s_j, dw_j = h* delta*_j (1 + theta_j) + e_w and
    delta*_j = delta_j - e_j:

        |h - h*| <= |h*| q + A + E (1 + q),  q = sum_j e_j |s_j|,  A = sum_j e_w |s_j|

    where E is the error of `recover`, at most r |h*| + lam ... there. As |h*| <= |h| + |h - h*|,

        |h - h*| <= (A + q |h| + E (1 + q)) / (1 - q - r (1 + q)).
    """
    h, error = recover(xp, dw, delta, rounding)
    size = xp.abs(delta)
    largest = xp.max(size, axis=0)
    scale = xp.where(largest > 0, largest, 1.0)
    unit = size / scale
    weights = unit / (xp.maximum(xp.sum(unit * unit, axis=0), 1.0) * scale)
    q = doubt(xp, delta, delta_hidden)
    moved = xp.sum(dw_hidden * weights, axis=1)
    relative = 2 * rounding.outer + rounding.lam * xp.sum(weights, axis=0)
    left = 1 - q - relative * (1 + q)
    known = left > 1 - _MOST_DOUBT
    q, left = (xp.where(known, value, 1.0) for value in (q, left))
    total = (moved + q * xp.abs(h) + error * (1 + q)) / left
    return Recovered(xp.where(known, h, 0.0), xp.where(known, total, 0.0), known)
