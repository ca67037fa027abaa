"""What computing an activation or its slope may cost.

Costs are absolute errors in units of the unit roundoff u of the implementation's dtype: an
elementary function is right to k ulps, 2 k u of its value, with k from the table below, and every
further operation adds u. Functions take (xp, z), with xp the module of the array z [...], and are
elementwise.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from compare.evidence.certificate.activation_functions import (
    Array,
    gelu_half,
    gelu_inner,
    gelu_inner_slope,
    mish_fall,
    mish_tanh,
    normal_cdf,
    normal_pdf,
    sigmoid,
    softplus,
    tanh_slope,
)

Cost: TypeAlias = Callable[[Any, Array], Array]

# Errors in ulps that no library on any machine tried has exceeded; a test measures them again. That
# of exp is used where the argument is at most 0: near overflow XLA is off by up to 5.3 ulp.
EXP_ULPS = 2
EXPM1_ULPS, ERF_ULPS, ERFC_ULPS = 4, 8, 6  # erfc up to 2, beyond which it is next to nothing
SIGMOID_ULPS, TANH_ULPS, SOFTPLUS_ULPS, SILU_ULPS, GELU_ULPS = 4, 6, 4, 5, 6

# From here on tanh is 1 to less than a tenth of an ulp in every dtype, and every library says 1; so
# is sigmoid at twice that. What is left of 1 is then 0, and so is all that it is multiplied by.
FULL_TANH = 20.0


def is_full(inner: Array) -> Array:
    """Returns where tanh(inner) is computed as 1."""
    return inner > FULL_TANH


def gelu_tanh_cost(xp: Any, z: Array) -> Array:
    """tanh is right to 6 ulps of 1, and its argument to 5 roundings."""
    inner = gelu_inner(z)
    return 2 * GELU_ULPS * xp.abs(xp.tanh(inner)) + 5 * xp.abs(inner) * tanh_slope(xp, inner)


def gelu_value_cost(xp: Any, z: Array) -> Array:
    """Returns what tanh, the products and the sum cost."""
    value = xp.abs(z) * gelu_half(xp, z)
    return 0.5 * xp.abs(z) * (gelu_tanh_cost(xp, z) + 1) + 3 * value


def gelu_slope_cost(xp: Any, z: Array) -> Array:
    """Returns what both terms of the slope cost."""
    t_cost = gelu_tanh_cost(xp, z)
    reach = 0.5 * xp.abs(z) * gelu_inner_slope(z)
    steep = reach * tanh_slope(xp, gelu_inner(z))
    lost = xp.where(is_full(gelu_inner(z)), 0.0, reach * (2 * t_cost + 2))
    return 0.5 * t_cost + 1 + lost + 8 * (gelu_half(xp, z) + steep)


def sigmoid_slope_cost(xp: Any, z: Array) -> Array:
    """h (1 - h) with h right to k ulps: 2 k u h of absolute error, and three roundings."""
    return (2 * SIGMOID_ULPS + 3) * sigmoid(xp, z)


def tanh_slope_cost(xp: Any, z: Array) -> Array:
    """1 - h^2 with h right to k ulps: 4 k u h^2, and three roundings of any form of it."""
    return (4 * TANH_ULPS + 1) * xp.square(xp.tanh(z)) + 3


def softplus_slope_cost(xp: Any, z: Array) -> Array:
    """jax computes exp(z - softplus(z)), where the error of softplus becomes a relative one."""
    relative = 2 * SOFTPLUS_ULPS * softplus(xp, z) + softplus(xp, -z) + 2 * EXP_ULPS + 6
    return relative * sigmoid(xp, z)


def silu_slope_cost(xp: Any, z: Array) -> Array:
    """s + z s (1 - s) with s right to k ulps."""
    reach = xp.where(is_full(z / 2), 0.0, xp.abs(z))
    return (2 * SILU_ULPS + 6) * sigmoid(xp, z) * (1 + reach)


def elu_value_cost(xp: Any, z: Array, steep: float, scale: float) -> Array:
    """scale z, and steep (e^z - 1) with steep itself rounded, or the product of two that are."""
    right = 0.0 if scale == 1 else 2 * xp.abs(scale * z)
    below = xp.abs(steep * xp.expm1(xp.minimum(z, 0)))
    return xp.where(z > 0, right, (2 * EXPM1_ULPS + 4) * below)


def elu_slope_cost(xp: Any, z: Array, steep: float, scale: float) -> Array:
    """jax computes (expm1(z) + 1) steep, which is right to the error of expm1 and one rounding."""
    w = xp.exp(xp.minimum(z, 0))
    below = 2 * EXPM1_ULPS * (1 - w) + (2 * EXP_ULPS + 4) * w + 1
    return xp.where(z > 0, 0.0 if scale == 1 else 2 * scale, abs(steep) * below)


def normal_cdf_cost(xp: Any, z: Array) -> Array:
    """(1 + erf(x)) / 2, or erfc(-x) / 2, with x = z / sqrt(2) right to two roundings."""
    cdf = normal_cdf(xp, z)
    by_erf = 0.5 * (2 * ERF_ULPS * xp.abs(2 * cdf - 1) + 1)
    return by_erf + 2 * xp.abs(z) * normal_pdf(xp, z) + 2 * ERFC_ULPS * cdf


def gelu_erf_value_cost(xp: Any, z: Array) -> Array:
    """z times that, and three roundings."""
    return xp.abs(z) * (normal_cdf_cost(xp, z) + 3 * normal_cdf(xp, z))


def gelu_erf_slope_cost(xp: Any, z: Array) -> Array:
    """e^-t with t = z^2 / 2 is right to t times the 3 to 6 roundings of t, beside its own error."""
    steep = xp.abs(z) * normal_pdf(xp, z)
    return normal_cdf_cost(xp, z) + steep * (3 * z * z + 2 * EXP_ULPS + 6) + normal_cdf(xp, z)


def mish_tanh_cost(xp: Any, z: Array) -> Array:
    """tanh is right to 6 ulps, and its argument to those of softplus."""
    reach = 2 * SOFTPLUS_ULPS * softplus(xp, z) * mish_fall(xp, z)
    return 2 * TANH_ULPS * mish_tanh(xp, z) + reach


def mish_value_cost(xp: Any, z: Array) -> Array:
    """z times that, and a rounding."""
    return xp.abs(z) * (mish_tanh_cost(xp, z) + mish_tanh(xp, z))


def mish_slope_cost(xp: Any, z: Array) -> Array:
    """t + z (1 - t^2) s: 1 - t^2 follows t twice, and s is as softplus' is."""
    t, t_cost, fall = mish_tanh(xp, z), mish_tanh_cost(xp, z), mish_fall(xp, z)
    s = sigmoid(xp, z)
    lost = s * (2 * t * t_cost + 3) + fall * (softplus_slope_cost(xp, z) + 5 * s)
    reach = xp.where(is_full(softplus(xp, z)), 0.0, xp.abs(z))
    return t_cost + t + reach * lost


def softsign_cost(xp: Any, z: Array) -> Array:
    """A sum and a quotient, which may be a product with a reciprocal."""
    return 4 * xp.abs(z) / (1 + xp.abs(z))


def softsign_slope_cost(xp: Any, z: Array) -> Array:
    """jax and torch take 1 / d - |z| / d^2 with d = 1 + |z|, whose terms cancel."""
    return 12 / (1 + xp.abs(z))


def hard_sigmoid_cost(xp: Any, z: Array) -> Array:
    """(z + 3) / 6, or z / 6 + 1 / 2: three roundings of 1 at most; what is clipped is exact."""
    return xp.where(xp.abs(z) < 3.5, 3.0, 0.0)


def hard_swish_cost(xp: Any, z: Array) -> Array:
    """z times that, and two roundings, or z 6 / 6."""
    size = xp.abs(z)
    return xp.where(size < 3.5, 5 * size, xp.where(z > 0, 3 * size, 0.0))


def hard_swish_slope_cost(xp: Any, z: Array) -> Array:
    """(z + 3) / 6 + z / 6, or (2 z + 3) / 6, and how much a kink may be off; or 6 / 6."""
    return xp.where(xp.abs(z) < 3.5, 12.0, xp.where(z > 0, 3.0, 0.0))


def relative_cost(ulps: int, value: Cost) -> Cost:
    """Returns the cost of a function whose value is right to so many ulps."""
    return lambda xp, z: 2 * ulps * xp.abs(value(xp, z))


def no_cost(xp: Any, z: Array) -> Array:
    """Returns 0: nothing is rounded."""
    return xp.zeros_like(z)
