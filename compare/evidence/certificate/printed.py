"""What can be recovered of a layer from a gradient that was read from print.

Of each entry at most `hidden` is lost in print: see `print_rounding`. The sample
axis is last. Shape letters: N samples, n_l units of layer l.
"""

from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activations import Array
from compare.evidence.certificate.recovered import Rounding, recover

_MOST_DOUBT = 0.99  # share of h that may be in doubt; beyond it nothing is recovered


class Recovered(NamedTuple):
    """An input of a layer as dL/dw and delta give it."""

    h: Array  # [n_in, N]
    error: Array  # [n_in, N]
    known: Array  # [N] bool; elsewhere h and error are 0


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
