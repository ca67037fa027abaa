"""The forward trace that a gradient contains: h recovered from dL/dw, and z from that h.

Shape letters: N samples, n_l units of layer l.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.phi import Array, Phi


class Rounding(NamedTuple):
    """The arithmetic of an implementation."""

    u: float  # unit roundoff
    lam: float  # smallest normal number
    slack: float  # factor on every bound: 2 where the bound is no more precise than the gradient

    def gamma(self, n: int) -> float:
        """n u / (1 - n u)."""
        return n * self.u / (1 - n * self.u)


def rounding_of(dtype: np.dtype) -> Rounding:
    """Returns the constants of float32 or float64."""
    info = np.finfo(dtype)
    slack = 2.0 if info.eps <= np.finfo(np.float64).eps else 1.0
    return Rounding(float(info.eps) / 2, float(info.smallest_normal), slack)


class Trace(NamedTuple):
    """z_l of an implementation, as far as it can be known."""

    z: Array  # [N, n_l]
    error: Array  # [N, n_l]


def recover(xp: Any, dw: Array, delta: Array, rounding: Rounding) -> tuple[Array, Array]:
    """Returns h [N, n_in] by projecting dw on delta, and its error."""
    largest = xp.max(xp.abs(delta), axis=1, keepdims=True)
    largest = xp.where(largest > 0, largest, 1.0)
    unit = delta / largest
    norm = xp.maximum(xp.sum(unit * unit, axis=1, keepdims=True), 1.0)
    h = xp.sum(dw * unit[:, None, :], axis=2) / (norm * largest)
    spread = xp.sum(xp.abs(unit), axis=1, keepdims=True) / (norm * largest)
    projecting = (delta.shape[1] + 4) * 2.0**-53  # this very sum, in float64
    relative = 2 * rounding.u + projecting
    return h, relative * xp.abs(h) + rounding.lam * spread * (1 + xp.abs(h))


def _affine(xp: Any, h: Array, h_error: Array, w: Array, b: Array, rounding: Rounding) -> Trace:
    """z = h w + b for an h known to h_error, and the error of a z computed from that h."""
    magnitude = xp.abs(h) @ xp.abs(w) + xp.abs(b)
    flushed = 3 * (len(w) + 1) + xp.sum(xp.abs(w), axis=0) + xp.sum(xp.abs(h), 1, keepdims=True)
    error = (
        rounding.gamma(len(w) + 1) * magnitude
        + (1 + rounding.gamma(len(w) + 1)) * (h_error @ xp.abs(w))
        + rounding.lam * flushed
    )
    return Trace(h @ w + b, error)


def trace_forward(
    xp: Any,
    params: Sequence[tuple[Array, Array]],
    x: Array,
    recovered: Sequence[tuple[Array, Array]],
    alive: Sequence[Array],
    phi: Phi,
    rounding: Rounding,
) -> list[Trace]:
    """Returns z of every layer, [N, n_l].

    It comes from the recovered h below, or from a forward pass where that is known far better, as
    it is where delta is 0.
    """
    h, h_error = x, xp.zeros_like(x)
    found: list[Trace] = []
    for i, (w, b) in enumerate(params):
        forward = _affine(xp, h, h_error, w, b, rounding)
        local = forward if i == 0 else _affine(xp, *recovered[i], w, b, rounding)
        use_local = alive[i][:, None] & (local.error <= 64 * forward.error)
        found.append(
            Trace(
                xp.where(use_local, local.z, forward.z),
                xp.where(use_local, local.error, forward.error),
            )
        )
        h = phi.value(xp, forward.z)
        h_error = (
            phi.largest_slope * forward.error
            + rounding.u * phi.value_cost(xp, forward.z)
            + rounding.lam * (2 + xp.abs(forward.z))
        )
    return found
