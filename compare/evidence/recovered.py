"""The forward trace that a gradient contains: h recovered from dL/dw, and z from that h.

Here and in the rules the sample axis is last, in memory too if it is to be fast. Shape letters:
N samples, n_l units of layer l.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from compare.evidence.phi import Array, Phi

_ANYTHING = 1e30  # finite, since weights of zero make NaN of an infinity


class Rounding(NamedTuple):
    """The arithmetic of an implementation."""

    u: float  # unit roundoff
    lam: float  # what underflow may cost: the smallest normal number where libraries flush to zero
    slack: float  # factor on every bound
    inputs: int = 0  # 1 where weights and samples are rounded on their way in

    def gamma(self, n: int) -> float:
        """n u / (1 - n u), and more than anything can be off where n u is 1."""
        return n * self.u / (1 - n * self.u) if n * self.u < 1 else _ANYTHING


def rounding_of(dtype: np.dtype) -> Rounding:
    """Returns the constants of float64, float32, float16 or bfloat16.

    In float64 a bound is no more precise than the gradient, so it is doubled. Weights and samples
    that come in float32 or float64 do not exist in float16 and bfloat16: they cost u relative each.
    There u is so large that the constants here, which are of first order, are not enough: n of them
    are (1 + u)^n - 1 <= n u (1 + n u) for n u <= 1/2, and n is at most 32 beside the dot products.
    Subnormal float16 numbers are kept, unlike others, so underflow costs one of them at most: the
    smallest normal number is so large there that allowing for it would hide most mistakes.
    """
    info = ml_dtypes.finfo(dtype)
    u, lam = float(info.eps) / 2, float(info.smallest_normal)
    if u > 2.0**-24:
        lam = float(info.smallest_subnormal) if dtype == np.float16 else lam
        return Rounding(u, lam, 1 + 32 * u, inputs=1)
    return Rounding(u, lam, 2.0 if u <= 2.0**-53 else 1.0)


class Trace(NamedTuple):
    """z_l of an implementation, as far as it can be known."""

    z: Array  # [n_l, N]
    error: Array  # [n_l, N]


def recover(xp: Any, dw: Array, delta: Array, rounding: Rounding) -> tuple[Array, Array]:
    """Returns h [n_in, N] by projecting dw [n_in, n_out, N] on delta [n_out, N], and its error."""
    largest = xp.max(xp.abs(delta), axis=0)
    alive = largest > 0
    largest = xp.where(alive, largest, 1.0)
    unit = delta / largest
    norm = xp.maximum(xp.sum(unit * unit, axis=0), 1.0) * largest
    products = xp.where(alive, dw * unit, 0.0)  # a selection is fast: see `certificate.ratios`
    h = xp.sum(products, axis=1) / norm
    flushed = xp.sum(xp.abs(unit), axis=0) * (rounding.lam / norm)
    projecting = (len(delta) + 4) * 2.0**-53  # this very sum, in float64
    relative = 2 * rounding.u + projecting
    return h, relative * xp.abs(h) + flushed * (1 + xp.abs(h))


def input_error(xp: Any, given: Array, rounding: Rounding) -> Array:
    """How far samples or labels may be from those given."""
    if not rounding.inputs:
        return xp.zeros_like(given)
    return rounding.u * xp.abs(given) + rounding.lam


def _affine(xp: Any, h: Array, h_error: Array, w: Array, b: Array, rounding: Rounding) -> Trace:
    """z = h w + b for an h known to h_error, and the error of a z computed from that h.

    The error is gamma (|h| |w| + |b|) + (1 + gamma) h_error |w| + lam (3 (n + 1) + |w| + |h|).
    """
    size, gamma = xp.abs(h), rounding.gamma(len(w) + 1 + rounding.inputs)
    passed_on = gamma * size + (1 + gamma) * h_error + rounding.lam
    flushed = rounding.lam * (3 * (len(w) + 1) + xp.sum(size, axis=0))
    error = xp.abs(w).T @ passed_on + (gamma * xp.abs(b)[:, None] + flushed)
    return Trace(w.T @ h + b[:, None], error)


def trace_forward(
    xp: Any,
    params: Sequence[tuple[Array, Array]],
    x: Array,
    recovered: Sequence[tuple[Array, Array]],
    known: Sequence[Array],
    phi: Phi,
    rounding: Rounding,
    *,
    far: float = 64.0,
) -> list[Trace]:
    """Returns z of every layer, [n_l, N].

    It comes from the recovered h below, or from a forward pass where that is known far better
    (by a factor of `far`), or where there is nothing to recover h from.
    """
    forward = _affine(xp, x, input_error(xp, x, rounding), *params[0], rounding)
    found = [forward]
    for (w, b), below, is_known in zip(params[1:], recovered[1:], known[1:], strict=True):
        h = phi.value(xp, forward.z)
        h_error = (
            phi.largest_slope * forward.error
            + rounding.u * phi.value_cost(xp, forward.z)
            + rounding.lam * (2 + xp.abs(forward.z))
        )
        forward = _affine(xp, h, h_error, w, b, rounding)
        local = _affine(xp, *below, w, b, rounding)
        use_local = is_known & (local.error <= far * forward.error)
        found.append(
            Trace(*(xp.where(use_local, *one) for one in zip(local, forward, strict=True)))
        )
    return found
