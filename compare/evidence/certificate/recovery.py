"""The input of a layer, recovered from its gradient.

As dw = outer(h, delta), h is dw delta / |delta|^2. Read from print, dw and delta are only known to
what print hides of them (see `print_rounding`), and h to what follows from that; likewise where the
delta within dw may be another computation of it (see `copies`). The sample axis is last. Shape
letters: N samples, n_in and n_out units below and above the weights.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.products import project
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.rounding.print_rounding import hidden_by_print

_MOST_DOUBT = 0.99  # share of h that may be in doubt; beyond it nothing is recovered


class Apart(NamedTuple):
    """How far two computations of one value may be apart in one layer, as `copies` has it."""

    h: Array  # [n_in, N]
    delta: Array  # [n_out, N]


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
    apart: Apart | None  # None if there is one computation of h and one of delta

    @property
    def delta_error(self) -> Array | None:
        """How far the delta within dw, or passed down, may be from delta as found, [n_out, N]."""
        if self.apart is None:
            return self.delta_hidden
        hidden = 0.0 if self.delta_hidden is None else self.delta_hidden
        return hidden + self.apart.delta

    def beside_print(self, allowed: Array, rounding: Rounding) -> Array:
        """Adds what print hides of delta to what is allowed of it as computed, [n_out, N]."""
        if self.delta_hidden is None:
            return allowed
        return allowed + (1 + 4 * rounding.u) * self.delta_hidden


def recover_layers(
    xp: Any, case: Case, apart: Sequence[Apart] | None = None
) -> list[LayerGradient]:
    """Recovers the input of every layer of a case in float64; `apart` is that of each layer."""
    none = (None,) * len(case.grads)
    layers = zip(case.grads, case.printed or none, apart or none, case.params, strict=True)
    found = []
    for grads, units, copies, (w, _) in layers:
        lost = penalty_rounding(xp, grads[0], w, case)
        found.append(recover_layer(xp, *grads, units, lost, copies, case.rounding))
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
    apart: Apart | None,
    rounding: Rounding,
) -> LayerGradient:
    """Recovers the input of one layer.

    Args:
      xp: numpy or jax.numpy.
      dw: [n_in, n_out, N].
      delta: [n_out, N].
      units: half a unit of the last digit of either that is known, if they are not exact.
      lost: what `penalty_rounding` says, if anything.
      apart: how far copies of h and delta may be apart, if they may.
      rounding: of the implementation.
    """
    alive = xp.max(xp.abs(delta), axis=0) > 0
    dw_hidden = hidden = None
    if units is not None:
        dw_hidden = hidden_by_print(xp, dw, units[0], u=rounding.u, lam=rounding.lam)
        hidden = hidden_by_print(xp, delta, units[1], u=rounding.u, lam=rounding.lam)
    if lost is not None:
        dw_hidden = lost if dw_hidden is None else dw_hidden + lost
        hidden = xp.zeros_like(delta) if hidden is None else hidden
    layer = LayerGradient(
        dw, delta, alive, *_project(xp, dw, delta, rounding), alive, dw_hidden, hidden, apart
    )
    if layer.delta_error is None:
        return layer
    h, h_error, known = _recover_doubtful(xp, layer, rounding)
    return layer._replace(h=h, h_error=h_error, known=known)


def _project(xp: Any, dw: Array, delta: Array, rounding: Rounding) -> tuple[Array, Array]:
    """Projects dw on delta; returns h and its error, [n_in, N] each."""
    largest = xp.max(xp.abs(delta), axis=0)
    alive = largest > 0
    largest = xp.where(alive, largest, 1.0)
    unit = delta / largest
    norm = xp.maximum(xp.sum(unit * unit, axis=0), 1.0) * largest
    h = xp.where(alive, project(xp, dw, unit), 0.0) / norm
    flushed = xp.sum(xp.abs(unit), axis=0) * (rounding.lam / norm)
    projecting = (len(delta) + 4) * 2.0**-53  # the error of this very sum, in float64
    relative = rounding.outer + projecting
    return h, relative * xp.abs(h) + flushed * (1 + xp.abs(h))


def doubt(xp: Any, delta: Array, hidden: Array) -> Array:
    """Returns q = sum_j e_j |delta_j| / |delta|^2, [N]; infinite where delta is 0.

    Args:
      xp: numpy or jax.numpy.
      delta: [n_out, N].
      hidden: e, [n_out, N], how far the delta within dw may be from it.
    """
    largest = xp.max(xp.abs(delta), axis=0)
    scale = xp.where(largest > 0, largest, 1.0)
    unit = xp.abs(delta) / scale
    q = xp.sum(hidden / scale * unit, axis=0) / xp.maximum(xp.sum(unit * unit, axis=0), 1.0)
    return xp.where(largest > 0, q, np.inf)


def _recover_doubtful(
    xp: Any, layer: LayerGradient, rounding: Rounding
) -> tuple[Array, Array, Array]:
    """Corrects what was recovered from a dw and a delta that are not known exactly.

    Returns h, its error and whether it is known, [N] bool.

    With s_j = delta_j / |delta|^2, h = sum_j dw_j s_j, dw_j = h* delta*_j (1 + theta_j) + e_w and
    delta*_j = delta_j - e_j:

        |h - h*| <= |h*| q + A + E (1 + q),  q = sum_j e_j |s_j|,  A = sum_j e_w |s_j|

    where E is the error of `_project`, at most r |h*| + lam ... there. As |h*| <= |h| + |h - h*|,

        |h - h*| <= (A + q |h| + E (1 + q)) / (1 - q - r (1 + q)).

    Where h is not known, it and its error are 0.
    """
    h, error, delta, size = layer.h, layer.h_error, layer.delta, xp.abs(layer.delta)
    largest = xp.max(size, axis=0)
    scale = xp.where(largest > 0, largest, 1.0)
    unit = size / scale
    weights = unit / (xp.maximum(xp.sum(unit * unit, axis=0), 1.0) * scale)
    q = doubt(xp, delta, layer.delta_error)
    moved = 0.0 if layer.dw_hidden is None else xp.sum(layer.dw_hidden * weights, axis=1)
    relative = 2 * rounding.outer + rounding.lam * xp.sum(weights, axis=0)
    left = 1 - q - relative * (1 + q)
    known = left > 1 - _MOST_DOUBT
    q, left = (xp.where(known, value, 1.0) for value in (q, left))
    total = (moved + q * xp.abs(h) + error * (1 + q)) / left
    return xp.where(known, h, 0.0), xp.where(known, total, 0.0), known
