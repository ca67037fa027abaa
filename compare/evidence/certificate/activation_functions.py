"""Activations in float64: values, slopes and curvatures.

Functions take (xp, z), with xp the module of the array z [...], and are elementwise. A curvature
takes (xp, z, reach) and bounds |phi''| everywhere in [z - reach, z + reach].
"""

import math
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # numpy.ndarray or a jax array; xp is the module that goes with it

GELU_SCALE = math.sqrt(2 / math.pi)


def sigmoid(xp: Any, z: Array) -> Array:
    """Returns 1 / (1 + exp(-z)); it never overflows."""
    e = xp.exp(-xp.abs(z))
    return xp.where(z >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_slope(xp: Any, z: Array) -> Array:
    """Returns sigma'(z), without the cancellation of sigma (1 - sigma)."""
    e = xp.exp(-xp.abs(z))
    return e / ((1 + e) * (1 + e))


def tanh_slope(xp: Any, z: Array) -> Array:
    """Returns tanh'(z) = 4 sigma'(2 z)."""
    return 4 * sigmoid_slope(xp, 2 * z)


def softplus(xp: Any, z: Array) -> Array:
    """Returns log(1 + exp(z))."""
    return xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z)))


def gelu_inner(z: Array) -> Array:
    """Returns the argument of tanh in GELU."""
    return GELU_SCALE * (z + 0.044715 * z * z * z)


def gelu_inner_slope(z: Array) -> Array:
    """Returns the derivative of the argument of tanh in GELU."""
    return GELU_SCALE * (1 + 3 * 0.044715 * z * z)


def gelu_half(xp: Any, z: Array) -> Array:
    """(1 + tanh) / 2, without the cancellation of that formula."""
    return sigmoid(xp, 2 * gelu_inner(z))


def gelu_slope(xp: Any, z: Array) -> Array:
    """Returns gelu'(z) of the tanh form."""
    t_slope = tanh_slope(xp, gelu_inner(z))
    return gelu_half(xp, z) + 0.5 * z * t_slope * gelu_inner_slope(z)


def gelu_flushed(xp: Any, z: Array) -> Array:
    """Bounds what is lost of g gelu'(z) where g goes through the formula backward, in lam.

    g is multiplied by z, 1/2, t and 1 - t, c, k and 3 z^2 in turn, and each product may be flushed:
    lam is then multiplied by what follows. After k that is 3 z^2, or z^2 after the 3; after the
    others at most 1.6 (1 + 3 k z^2) each. In all it is less than 8 + 5 z^2.
    """
    del xp
    return 8 + 5 * z * z


def tanh_flushed(xp: Any, z: Array) -> Array:
    """As `gelu_flushed`: g (1 - h), times h, and the sum of both may be flushed.

    The first loses lam, of which (1 + h) lam is left; the others lose lam each.
    """
    return xp.full_like(z, 4.0)


def softsign_flushed(xp: Any, z: Array) -> Array:
    """As `gelu_flushed`, of g / (1 + |z|) - z g / (1 + |z|)^2 sign(z).

    g / (1 + |z|)^2 is multiplied by z once it may be flushed; the other steps lose lam each.
    """
    return 3 + xp.abs(z)


def at_least_away(xp: Any, z: Array, reach: Array) -> Array:
    """Returns the smallest |t| with t in [z - reach, z + reach]."""
    return xp.maximum(xp.abs(z) - reach, 0)


def sigmoid_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Bounds |sigma''| = |sigma' (1 - 2 sigma)| by sigma', which falls on both sides of 0."""
    return xp.fmin(sigmoid_slope(xp, at_least_away(xp, z, reach)), 0.0963)


def tanh_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Bounds |tanh''| = 2 |tanh| tanh' by 2 tanh'."""
    return xp.fmin(2 * tanh_slope(xp, at_least_away(xp, z, reach)), 0.7699)


def softplus_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Softplus'' is sigma', which falls on both sides of 0."""
    return sigmoid_slope(xp, at_least_away(xp, z, reach))


def silu_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Bounds |2 sigma' + z sigma''| by sigma' (2 + |z|), as |sigma''| <= sigma'."""
    envelope = sigmoid_slope(xp, at_least_away(xp, z, reach))
    return xp.fmin(envelope * (2 + xp.abs(z) + reach), 0.5)


def gelu_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Bounds the second derivative of z sigma(2 v), v = c (z + k z^3).

    It is 4 v' sigma' + z (4 v'^2 sigma'' + 2 v'' sigma') at 2 v, and |sigma''| <= sigma'. sigma'
    falls with |v|, and v with |z|; v' = c (1 + 3 k z^2) and |v''| = 6 c k |z| grow.
    """
    most = xp.abs(z) + reach
    envelope = sigmoid_slope(xp, 2 * gelu_inner(at_least_away(xp, z, reach)))
    slope, bend = gelu_inner_slope(most), 6 * GELU_SCALE * 0.044715 * most
    return xp.fmin(envelope * (4 * slope + most * (4 * slope * slope + 2 * bend)), 0.8)


def normal_cdf(xp: Any, z: Array) -> Array:
    """Returns (1 + erf(z / sqrt(2))) / 2, without the cancellation of that formula."""
    if xp is np:
        return 0.5 * np.vectorize(math.erfc, otypes=[np.float64])(-z * math.sqrt(0.5))
    from jax import lax  # xp is a part of it, so it is there

    return 0.5 * lax.erfc(-z * math.sqrt(0.5))


def normal_pdf(xp: Any, z: Array) -> Array:
    """Returns the derivative of the normal distribution function."""
    return xp.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def gelu_erf_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Bounds |pdf(z) (2 - z^2)|; pdf falls with |z|, and |2 - z^2| is at most max(2, z^2)."""
    most = xp.abs(z) + reach
    envelope = normal_pdf(xp, at_least_away(xp, z, reach))
    return xp.fmin(envelope * xp.maximum(2, most * most), 0.798)


def mish_tanh(xp: Any, z: Array) -> Array:
    """Returns tanh(softplus(z)) = n / (n + 2) with n = w (w + 2) and w = e^z.

    Right of 0 both are divided by w^2, and nothing overflows.
    """
    w = xp.exp(-xp.abs(z))
    n = xp.where(z < 0, w * (w + 2), 1 + 2 * w)
    return n / (n + 2 * xp.where(z < 0, 1.0, w * w))


def mish_fall(xp: Any, z: Array) -> Array:
    """Returns 1 - tanh(softplus(z))^2 = 4 (n + 1) / (n + 2)^2, without cancellation."""
    w = xp.exp(-xp.abs(z))
    left = xp.square((w + 1) / (w * (w + 2) + 2))
    right = xp.square(w * (1 + w) / (1 + 2 * w + 2 * w * w))
    return 4 * xp.where(z < 0, left, right)


def mish_slope(xp: Any, z: Array) -> Array:
    """Returns t + z (1 - t^2) sigmoid(z)."""
    return mish_tanh(xp, z) + z * mish_fall(xp, z) * sigmoid(xp, z)


def mish_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Bounds |2 t' + z t''|, with t' = (1 - t^2) s and t'' = t' (1 - s - 2 t s), s = sigmoid(z).

    t' is at most e^z, and right of 0, where 1 - t^2 <= 4 e^-2z, at most 4 e^-|z| too; and
    |1 - s - 2 t s| is at most 2.
    """
    envelope = xp.minimum(4 * xp.exp(-at_least_away(xp, z, reach)), 1)
    return xp.fmin(envelope * (2 + 2 * (xp.abs(z) + reach)), 0.65)


def softsign_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """|phi''| is 2 / (1 + |z|)^3, which falls on both sides of 0."""
    return 2 / (1 + at_least_away(xp, z, reach)) ** 3


def hard_swish_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """Between its kinks it is a parabola."""
    return xp.where(at_least_away(xp, z, reach) <= 3, 1 / 3, 0.0)


def no_curvature(xp: Any, z: Array, reach: Array) -> Array:
    """A straight line has none, and a kink is treated as one."""
    return xp.zeros_like(z)


def analytic_sigmoid(z: np.ndarray) -> np.ndarray:
    """Returns sigma of complex z, branching on Re z."""
    e = np.exp(np.where(z.real >= 0, -z, z))  # never overflows
    return np.where(z.real >= 0, 1, e) / (1 + e)


def analytic_expm1(z: np.ndarray) -> np.ndarray:
    """Returns e^z - 1 of a z whose imaginary part is so small that its square is nothing."""
    return np.expm1(z.real) + 1j * (np.exp(z.real) * z.imag)


def analytic_normal_cdf(z: np.ndarray) -> np.ndarray:
    """Returns the normal distribution function, likewise: NumPy has no complex erf."""
    return normal_cdf(np, z.real) + 1j * (normal_pdf(np, z.real) * z.imag)


def analytic_softplus(z: np.ndarray) -> np.ndarray:
    """Returns softplus of complex z, branching on Re z."""
    right = z.real >= 0
    e = np.exp(np.where(right, -z, z))
    return np.where(right, z, 0) + np.log1p(e.real) + 1j * e.imag / (1 + e.real)
