"""Activations as torch and as textbooks compute them, in JAX, for `roundoff` to trace.

torch differentiates softplus, silu and gelu by formulas of its own, and takes other forward
formulas for softplus, mish and gelu in its erf form. By textbook formulas a small value is what is
left of larger ones.
"""

import functools
import math
from collections.abc import Callable
from types import MappingProxyType

import jax
import jax.numpy as jnp

from jaxmlp import ACTIVATIONS, FAMILIES, Activation
from jaxmlp.base import Array


def _softplus(z: Array) -> Array:
    return jnp.where(z > 40, z, jnp.log1p(jnp.exp(z)))


def _softplus_slope(z: Array, h: Array) -> Array:
    del h
    e = jnp.exp(z)
    return jnp.where(z > 40, jnp.ones_like(z), e / (e + 1))


def _silu_slope(z: Array, h: Array) -> Array:
    del h
    s = jax.nn.sigmoid(z)
    return s * (1 + z * (1 - s))


def _gelu_inner(z: Array) -> Array:
    return math.sqrt(2 / math.pi) * (z + 0.044715 * (z * z * z))


def _gelu_inner_slope(z: Array) -> Array:
    return math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z * z)


def _gelu_slope(z: Array, h: Array) -> Array:
    del h
    t = jnp.tanh(_gelu_inner(z))
    return 0.5 * (1 + t) + (0.5 * z) * (1 - t * t) * _gelu_inner_slope(z)


def _gelu_erf(z: Array) -> Array:
    return 0.5 * z * (1 + jax.lax.erf(math.sqrt(0.5) * z))


def _mish(z: Array) -> Array:
    return z * jnp.tanh(_softplus(z))


def _mish_slope(z: Array, h: Array) -> Array:
    del h
    t = jnp.tanh(_softplus(z))
    return t + z * jax.nn.sigmoid(z) * (1 - t * t)


def _softsign_slope(z: Array, h: Array) -> Array:
    """By the rule of a quotient, whose two terms cancel."""
    d = 1 + jnp.abs(z)
    return 1 / d - jnp.sign(z) * (h / d)


def is_right_of(z: Array, kink: float) -> Array:
    """At a kink any slope is a convention: there stands a 0 that may be off either way."""
    away = z - kink if kink else z
    rounded = jnp.exp(jnp.minimum(away, 0)) - 1
    return jnp.where(away == 0, rounded, away) > 0


def _any_relu_slope(z: Array, h: Array) -> Array:
    del h
    return is_right_of(z, 0).astype(z.dtype)


def _any_slope_within(low: float, high: float, slope: float) -> Callable[[Array, Array], Array]:
    """Returns the slope between two kinks, 0 outside, and any between them at a kink."""

    def any_slope(z: Array, h: Array) -> Array:
        del h
        inside = is_right_of(z, low) & ~is_right_of(z, high)
        return jnp.where(inside, jnp.full_like(z, slope), 0.0)

    return any_slope


def _any_hard_sigmoid_slope(z: Array, h: Array) -> Array:
    """torch has 1/6 in float32 whatever the dtype."""
    sixth = jnp.ones(z.shape, jnp.float32) / 6
    return _any_slope_within(-3, 3, 1.0)(z, h) * sixth.astype(z.dtype)


def _any_hard_swish_slope(z: Array, h: Array) -> Array:
    del h
    right = jnp.where(is_right_of(z, 3), jnp.ones_like(z), (2 * z + 3) / 6)
    return jnp.where(is_right_of(z, -3), right, 0.0)


def _textbook_leaky_relu(slope: float) -> Activation:
    def any_slope(z: Array, h: Array) -> Array:
        del h
        return jnp.where(is_right_of(z, 0), jnp.ones_like(z), slope)

    return Activation(FAMILIES["leaky_relu"](slope).fn, any_slope)


def _textbook_elu(alpha: float, scale: float = 1.0) -> Activation:
    """e^z - 1, and a slope from the value, which both lose digits."""
    steep = scale * alpha

    def value(z: Array) -> Array:
        return jnp.where(z > 0, scale * z, steep * (jnp.exp(jnp.minimum(z, 0)) - 1))

    def any_slope(z: Array, h: Array) -> Array:
        left = jnp.where(z > 0, steep, h + steep)  # h of a z below 0
        return jnp.where(is_right_of(z, 0), jnp.full_like(z, scale), left)

    return Activation(value, any_slope)


def _hard_sigmoid(z: Array) -> Array:
    return jnp.clip(z / 6 + 0.5, 0, 1)


def _textbook_mish(z: Array) -> Array:
    return z * _textbook_tanh(_textbook_softplus(z))


def _textbook_mish_slope(z: Array, h: Array) -> Array:
    del h
    t = _textbook_tanh(_textbook_softplus(z))
    return t + z * (1 - t * t) * _textbook_sigmoid(z)


def _textbook_softsign_slope(z: Array, h: Array) -> Array:
    del z
    return (1 - jnp.abs(h)) * (1 - jnp.abs(h))


def _textbook_sigmoid(z: Array) -> Array:
    return (1 + jnp.tanh(z / 2)) / 2


def _textbook_tanh(z: Array) -> Array:
    return 2 * jax.nn.sigmoid(2 * z) - 1


def _textbook_tanh_slope(z: Array, h: Array) -> Array:
    """It has lost as much where h is small, as 1 / cosh(z)^2 has, and not only where h is 1."""
    del z
    return (1 - h) * (1 + h)


def _textbook_softplus(z: Array) -> Array:
    small = jnp.clip(z, -10, 10)  # where exp overflows in no dtype
    above = jnp.where(z > 10, _softplus(z), jnp.log(1 + jnp.exp(small)))
    below = z + jnp.where(z < -10, jax.nn.softplus(-z), jnp.log(1 + jnp.exp(-small)))
    return jnp.where(z < 0, below, above)


def _textbook_softplus_slope(z: Array, h: Array) -> Array:
    """Of 1 - exp(-h) and sigmoid(z), what loses more: below 0 h is what is left of |z|."""
    return jnp.where(z < 0, 1 - jnp.exp(-h), _textbook_sigmoid(z))


def _textbook_silu(z: Array) -> Array:
    return z * _textbook_sigmoid(z)


def _textbook_silu_slope(z: Array, h: Array) -> Array:
    s = _textbook_sigmoid(z)
    return s + h * (1 - s)


def _textbook_gelu(z: Array) -> Array:
    return 0.5 * z * (1 + _textbook_tanh(_gelu_inner(z)))


def _textbook_gelu_slope(z: Array, h: Array) -> Array:
    del h
    t = _textbook_tanh(_gelu_inner(z))
    return 0.5 * (1 + t) + (0.5 * z) * (1 - t * t) * _gelu_inner_slope(z)


TORCH: MappingProxyType[str, Activation] = MappingProxyType(
    {
        **ACTIVATIONS,
        "softplus": Activation(_softplus, _softplus_slope),
        "silu": Activation(jax.nn.silu, _silu_slope),
        "gelu": Activation(ACTIVATIONS["gelu"].fn, _gelu_slope),
        "gelu_erf": Activation(_gelu_erf, ACTIVATIONS["gelu_erf"].deriv),
        "mish": Activation(_mish, _mish_slope),
        "softsign": Activation(ACTIVATIONS["softsign"].fn, _softsign_slope),
    }
)
TEXTBOOK: MappingProxyType[str, Activation] = MappingProxyType(
    {
        **ACTIVATIONS,
        "relu": Activation(ACTIVATIONS["relu"].fn, _any_relu_slope),
        "sigmoid": Activation(_textbook_sigmoid, ACTIVATIONS["sigmoid"].deriv),
        "tanh": Activation(_textbook_tanh, _textbook_tanh_slope),
        "softplus": Activation(_textbook_softplus, _textbook_softplus_slope),
        "silu": Activation(_textbook_silu, _textbook_silu_slope),
        "gelu": Activation(_textbook_gelu, _textbook_gelu_slope),
        "selu": _textbook_elu(1.6732632423543772, scale=1.0507009873554805),
        "gelu_erf": Activation(_gelu_erf, ACTIVATIONS["gelu_erf"].deriv),
        "relu6": Activation(ACTIVATIONS["relu6"].fn, _any_slope_within(0, 6, 1.0)),
        "hard_tanh": Activation(ACTIVATIONS["hard_tanh"].fn, _any_slope_within(-1, 1, 1.0)),
        "hard_sigmoid": Activation(_hard_sigmoid, _any_hard_sigmoid_slope),
        "hard_swish": Activation(lambda z: z * _hard_sigmoid(z), _any_hard_swish_slope),
        "mish": Activation(_textbook_mish, _textbook_mish_slope),
        "softsign": Activation(ACTIVATIONS["softsign"].fn, _textbook_softsign_slope),
    }
)
# name -> function of the number that such a name may have; the same number gives the same object
TEXTBOOK_FAMILIES = MappingProxyType(
    {
        "leaky_relu": functools.cache(_textbook_leaky_relu),
        "elu": functools.cache(_textbook_elu),
    }
)
