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
    sigmoid,
    softplus,
    tanh_slope,
)

Cost: TypeAlias = Callable[[Any, Array], Array]

# Errors in ulps that no library on any machine tried has exceeded; a test measures them again. That
# of exp is used where the argument is at most 0: near overflow XLA is off by up to 5.3 ulp.
EXP_ULPS = 2
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


def relative_cost(ulps: int, value: Cost) -> Cost:
    """Returns the cost of a function whose value is right to so many ulps."""
    return lambda xp, z: 2 * ulps * xp.abs(value(xp, z))


def no_cost(xp: Any, z: Array) -> Array:
    """Returns 0: nothing is rounded."""
    return xp.zeros_like(z)
