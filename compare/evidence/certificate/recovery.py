"""The input of a layer, recovered from its gradient.

As dw = outer(h, delta), h is dw delta / |delta|^2. Read from print, dw and delta are only known to
what print hides of them (see `print_rounding`), and h to what follows from that. The sample axis is
last. Shape letters: N samples, n_in and n_out units below and above the weights.
"""

from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.rounding.print_rounding import hidden_by_print

_MOST_DOUBT = 0.99  # share of h that may be in doubt; beyond it nothing is recovered


class LayerGradient(NamedTuple):
    """The gradient of one layer, and the input h recovered from it.

    What print hides of dw and delta is None if they were not read from print.
    """

    dw: Array  # [n_in, n_out, N]
    delta: Array  # [n_out, N]
    alive: Array  # [N] bool: whether delta is not all 0
    h: Array  # [n_in, N]
    h_error: Array  # [n_in, N]
    known: Array  # [N] bool: whether h could be recovered
    dw_hidden: Array | None
    delta_hidden: Array | None

    def beside_print(self, allowed: Array, rounding: Rounding) -> Array:
        """Adds what print hides of delta to what is allowed of it as computed, [n_out, N]."""
        if self.delta_hidden is None:
            return allowed
        return allowed + (1 + 4 * rounding.u) * self.delta_hidden


def recover_layers(xp: Any, case: Case) -> list[LayerGradient]:
    """Recovers the input of every layer of a case in float64."""
    printed = case.printed or (None,) * len(case.grads)
    found = []
    for (dw, delta), units, (w, _) in zip(case.grads, printed, case.params, strict=True):
        lost = penalty_rounding(xp, dw, w, case)
        found.append(recover_layer(xp, dw, delta, units, lost, case.rounding))
    return found


def penalty_rounding(xp: Any, dw: Array, w: Array, case: Case) -> Array | None:
    """Bounds what dw - lambda w has lost of outer(h, delta), or None without a penalty.

    dw was rounded as a whole, by u |dw|, and lambda w by 2 u, of the product and of lambda itself,
    or by 3 u if w was rounded on its way in.
    """
    if not case.network.l2:
        return None
    rounding, penalty = case.rounding, case.network.l2 * xp.asarray(w)[..., None]
    roundings = 2 + rounding.inputs + rounding.uses
    whole = xp.abs(dw + penalty) + roundings * xp.abs(penalty)
    return rounding.slack * (rounding.u * whole + rounding.lam)


def recover_layer(
    xp: Any,
    dw: Array,
    delta: Array,
    units: tuple[Array, Array] | None,
    lost: Array | None,
    rounding: Rounding,
) -> LayerGradient:
    """Recovers the input of one layer.

    Args:
      xp: numpy or jax.numpy.
      dw: [n_in, n_out, N].
      delta: [n_out, N].
      units: half a unit of the last digit of either that is known, if they are not exact.
      lost: what `penalty_rounding` says, if anything.
      rounding: of the implementation.
    """
    alive = xp.max(xp.abs(delta), axis=0) > 0
    if units is None and lost is not None:
        hidden = xp.zeros_like(delta)
        h, h_error, known = _recover_printed(xp, dw, delta, lost, hidden, rounding)
        return LayerGradient(dw, delta, alive, h, h_error, known, lost, hidden)
    if units is None:
        return LayerGradient(
            dw, delta, alive, *_project(xp, dw, delta, rounding), alive, None, None
        )
    dw_hidden = hidden_by_print(xp, dw, units[0], u=rounding.u, lam=rounding.lam)
    dw_hidden = dw_hidden if lost is None else dw_hidden + lost
    hidden = hidden_by_print(xp, delta, units[1], u=rounding.u, lam=rounding.lam)
    h, h_error, known = _recover_printed(xp, dw, delta, dw_hidden, hidden, rounding)
    return LayerGradient(dw, delta, alive, h, h_error, known, dw_hidden, hidden)


def _project(xp: Any, dw: Array, delta: Array, rounding: Rounding) -> tuple[Array, Array]:
    """Projects dw on delta; returns h and its error, [n_in, N] each."""
    largest = xp.max(xp.abs(delta), axis=0)
    alive = largest > 0
    largest = xp.where(alive, largest, 1.0)
    unit = delta / largest
    norm = xp.maximum(xp.sum(unit * unit, axis=0), 1.0) * largest
    products = xp.where(alive, dw * unit, 0.0)  # a selection is fast: see `checks.ratios`
    h = xp.sum(products, axis=1) / norm
    flushed = xp.sum(xp.abs(unit), axis=0) * (rounding.lam / norm)
    projecting = (len(delta) + 4) * 2.0**-53  # the error of this very sum, in float64
    relative = rounding.outer + projecting
    return h, relative * xp.abs(h) + flushed * (1 + xp.abs(h))


def doubt(xp: Any, delta: Array, hidden: Array) -> Array:
    """Returns q = sum_j e_j |delta_j| / |delta|^2, [N]; infinite where delta is 0.

    Args:
      xp: numpy or jax.numpy.
      delta: [n_out, N].
      hidden: e, [n_out, N], what print hides of delta.
    """
    largest = xp.max(xp.abs(delta), axis=0)
    scale = xp.where(largest > 0, largest, 1.0)
    unit = xp.abs(delta) / scale
    q = xp.sum(hidden / scale * unit, axis=0) / xp.maximum(xp.sum(unit * unit, axis=0), 1.0)
    return xp.where(largest > 0, q, np.inf)


def _recover_printed(
    xp: Any, dw: Array, delta: Array, dw_hidden: Array, delta_hidden: Array, rounding: Rounding
) -> tuple[Array, Array, Array]:
    """Recovers h from printed gradients; returns h, its error and whether it is known, [N] bool.

    With s_j = delta_j / |delta|^2, h = sum_j dw_j s_j, dw_j = h* delta*_j (1 + theta_j) + e_w and
    delta*_j = delta_j - e_j:

        |h - h*| <= |h*| q + A + E (1 + q),  q = sum_j e_j |s_j|,  A = sum_j e_w |s_j|

    where E is the error of `_project`, at most r |h*| + lam ... there. As |h*| <= |h| + |h - h*|,

        |h - h*| <= (A + q |h| + E (1 + q)) / (1 - q - r (1 + q)).

    Where h is not known, it and its error are 0.
    """
    h, error = _project(xp, dw, delta, rounding)
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
    return xp.where(known, h, 0.0), xp.where(known, total, 0.0), known
