"""The forward trace that a gradient contains: h recovered from dL/dw, and z from that h.

Here and in the rules the sample axis is last, in memory too if it is to be fast. Shape letters:
N samples, n_l units of layer l.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activations import Activation, Array
from compare.evidence.rounding.arithmetic import Arithmetic, fraction_bits

_ANYTHING = 1e30  # finite, since weights of zero make NaN of an infinity


class Rounding(NamedTuple):
    """The constants of an implementation's arithmetic."""

    u: float  # unit roundoff
    lam: float  # what underflow may cost
    slack: float  # factor on every bound
    inputs: int  # 1 where weights and samples are rounded on their way in
    uses: int  # roundings that two uses of one value may be apart
    arithmetic: Arithmetic

    def lost_in_logistic(self, xp: Any, z: Array, phi: Activation) -> Array | float:
        """What phi and phi' may lose where an exponential in them overflows."""
        logistic = self.arithmetic.logistic
        return logistic * (1 + xp.abs(z)) if phi.has_logistic and logistic else 0.0

    def dot(self, n: int) -> float:
        """Bounds the error of n terms and a bias, relative to their sum of magnitudes.

        Where sums are wider than the dtype, the bias may be added after the sum was rounded.
        """
        bias = 0 if self.arithmetic.is_plain else 1
        bound = self.arithmetic.dot(n + 1, self.inputs + self.uses + bias)
        return min(bound, _ANYTHING)

    @property
    def outer(self) -> float:
        """Bounds |dw - h delta| / |dw| for one entry, and so that of h recovered from dw.

        dw is (1 + t) h delta with |t| <= e = dot(1), and e / (1 - e) relative to itself.
        """
        if self.arithmetic.is_plain and not self.uses:
            return 2 * self.u
        e = self.arithmetic.dot(1, self.uses)
        return e / (1 - e)


def rounding_of(arithmetic: Arithmetic, given: np.typing.DTypeLike = np.float32) -> Rounding:
    """Returns the constants of an arithmetic, for a problem whose weights and samples are `given`.

    In float64 a bound is no more precise than the gradient, so it is doubled. Weights and samples
    that do not exist in the dtype cost u relative each. In float16 and bfloat16 u is so large that
    the constants here, which are of first order, are not enough: n of them are
    (1 + u)^n - 1 <= n u (1 + n u) for n u <= 1/2, and n is at most 32 beside the dot products.
    XLA leaves out roundings to those two between operations that it fuses (its flag
    xla_allow_excess_precision), so one use of a value may be rounded and another not.
    """
    low, u = arithmetic.is_low, arithmetic.u
    wide = 2.0 if u <= 2.0**-53 else 1.0
    slack = 1 + 32 * u if low else wide
    inputs = int(fraction_bits(np.dtype(given)) > fraction_bits(arithmetic.dtype))
    return Rounding(u, arithmetic.lam, slack, inputs, int(low), arithmetic)


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
    relative = rounding.outer + projecting
    return h, relative * xp.abs(h) + flushed * (1 + xp.abs(h))


def input_error(xp: Any, given: Array, rounding: Rounding) -> Array:
    """How far samples or labels may be from those given."""
    if not rounding.inputs:
        return xp.zeros_like(given)
    return rounding.u * xp.abs(given) + rounding.lam


def _affine(xp: Any, h: Array, h_error: Array, w: Array, b: Array, rounding: Rounding) -> Trace:
    """z = h w + b for an h known to h_error, and the error of a z computed from that h.

    The error is dot (|h| |w| + |b|) + (1 + dot) h_error |w| + lam (3 (n + 1) + |w| + |h|).
    """
    size, dot = xp.abs(h), rounding.dot(len(w))
    passed_on = dot * size + (1 + dot) * h_error + rounding.lam
    flushed = rounding.lam * (3 * (len(w) + 1) + xp.sum(size, axis=0))
    error = xp.abs(w).T @ passed_on + (dot * xp.abs(b)[:, None] + flushed)
    return Trace(w.T @ h + b[:, None], error)


def trace_forward(
    xp: Any,
    params: Sequence[tuple[Array, Array]],
    x: Array,
    recovered: Sequence[tuple[Array, Array]],
    known: Sequence[Array],
    activations: Sequence[Activation],
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
    above = zip(params[1:], recovered[1:], known[1:], activations, strict=True)
    for (w, b), below, is_known, phi in above:
        h = phi.value(xp, forward.z)
        h_error = (
            phi.largest_slope * forward.error
            + rounding.u * phi.value_cost(xp, forward.z)
            + rounding.lam * (2 + xp.abs(forward.z))
            + rounding.lost_in_logistic(xp, forward.z, phi)
        )
        forward = _affine(xp, h, h_error, w, b, rounding)
        local = _affine(xp, *below, w, b, rounding)
        use_local = is_known & (local.error <= far * forward.error)
        found.append(
            Trace(*(xp.where(use_local, *one) for one in zip(local, forward, strict=True)))
        )
    return found
