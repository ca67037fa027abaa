"""Activations as torch and as textbooks compute them, in JAX, for `roundoff` to trace.

torch differentiates softplus, silu and gelu by formulas of its own, and takes another forward
formula for softplus. By textbook formulas a small value is what is left of larger ones.
"""

import math
from types import MappingProxyType

import jax
import jax.numpy as jnp

from jaxmlp import ACTIVATIONS, Activation
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


def _any_relu_slope(z: Array, h: Array) -> Array:
    """At 0 any slope from 0 to 1 is a convention: there stands a 0 that may be off either way."""
    del h
    rounded = jnp.exp(jnp.minimum(z, 0)) - 1
    return (jnp.where(z == 0, rounded, z) > 0).astype(z.dtype)


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
    }
)
