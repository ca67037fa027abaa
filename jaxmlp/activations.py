"""Hidden activations and their derivatives, by name.

A derivative takes both the preactivation z and the activation h = fn(z), because sigmoid and
tanh are cheapest from h and the others need z.
"""

import functools
import math
from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

from jaxmlp.base import Array


class Activation(NamedTuple):
    """An elementwise function and its derivative; hashable, so static under `jit`."""

    fn: Callable[[Array], Array]  # z -> h
    deriv: Callable[[Array, Array], Array]  # (z, h) -> dh/dz


Activations: TypeAlias = Activation | tuple[Activation, ...]  # of all hidden layers, or of each


def of_each_layer(activations: Activations, n_hidden: int) -> tuple[Activation, ...]:
    """Returns one activation for every hidden layer.

    Raises:
      TypeError: for names.
      ValueError: if there is neither one for all nor one for each.
    """
    if isinstance(activations, Activation):
        return (activations,) * n_hidden
    if isinstance(activations, str) or any(isinstance(one, str) for one in activations):
        raise TypeError(
            f"activation: expected one of jaxmlp.ACTIVATIONS, or one for each of {n_hidden} hidden "
            f"layers, such as ACTIVATIONS['relu'], got {activations!r}"
        )
    if len(activations) != n_hidden:
        raise ValueError(
            f"activation: expected one for all or one for each of {n_hidden} hidden layers, got "
            f"{len(activations)}"
        )
    return activations


_GELU_SCALE = math.sqrt(2 / math.pi)
_GELU_CUBIC = 0.044715  # Hendrycks and Gimpel, arXiv:1606.08415, section 2


def _gelu_tanh(z: Array) -> Array:
    return jax.nn.gelu(z, approximate=True)


def _gelu_tanh_deriv(z: Array, h: Array) -> Array:
    del h
    t = jnp.tanh(_GELU_SCALE * (z + _GELU_CUBIC * z * z * z))
    slope = _GELU_SCALE * (1 + 3 * _GELU_CUBIC * z * z)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * slope


def _silu_deriv(z: Array, h: Array) -> Array:
    s = jax.nn.sigmoid(z)
    return s + h * (1 - s)


def _relu_deriv(z: Array, h: Array) -> Array:
    del h
    return (z > 0).astype(z.dtype)  # relu'(0) = 0, as torch.relu and jax.nn.relu have it


def _gelu_erf(z: Array) -> Array:
    return jax.nn.gelu(z, approximate=False)


def _gelu_erf_deriv(z: Array, h: Array) -> Array:
    del h
    cdf = 0.5 * (1 + jax.lax.erf(math.sqrt(0.5) * z))
    return cdf + z * jnp.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _mish(z: Array) -> Array:
    return z * jnp.tanh(jax.nn.softplus(z))


def _mish_deriv(z: Array, h: Array) -> Array:
    del h
    t = jnp.tanh(jax.nn.softplus(z))
    return t + z * (1 - t * t) * jax.nn.sigmoid(z)


def _softsign(z: Array) -> Array:
    """Autodiff squares 1 + |z|, which has no room in float16 if |z| is 255 or more."""
    wide = z.astype(jnp.float32) if z.dtype == jnp.float16 else z
    return jax.nn.soft_sign(wide).astype(z.dtype)


def _softsign_deriv(z: Array, h: Array) -> Array:
    del h
    r = 1 / (1 + jnp.abs(z))
    return r * r


# Clipped functions are chosen by comparisons, so that NaN stays NaN, and their slopes at a kink are
# those of torch.


def _relu6(z: Array) -> Array:
    return jnp.where(z <= 0, 0.0, jnp.where(z >= 6, 6.0, z))


def _hard_tanh(z: Array) -> Array:
    return jnp.where(z <= -1, -1.0, jnp.where(z >= 1, 1.0, z))


def _hard_sigmoid(z: Array) -> Array:
    return jnp.where(z <= -3, 0.0, jnp.where(z >= 3, 1.0, (z + 3) / 6))


def _hard_swish_deriv(z: Array, h: Array) -> Array:
    del h
    return jnp.where(z <= -3, 0.0, jnp.where(z >= 3, 1.0, z / 3 + 0.5))


def _slope_within(low: float, high: float, slope: float) -> Callable[[Array, Array], Array]:
    """Returns the derivative that is a constant between two kinks, and 0 outside."""
    return lambda z, h: slope * ((z > low) & (z < high)).astype(z.dtype)


@functools.cache
def leaky_relu(slope: float = 0.01) -> Activation:
    """Returns z where z > 0, else slope z; its derivative at 0 is the slope."""
    return Activation(
        lambda z: jnp.where(z > 0, z, slope * z),
        lambda z, h: jnp.where(z > 0, jnp.ones_like(z), slope),
    )


@functools.cache
def elu(alpha: float = 1.0) -> Activation:
    """Returns z where z > 0, else alpha (exp(z) - 1)."""
    return Activation(
        lambda z: jax.nn.elu(z, alpha),
        lambda z, h: jnp.where(z > 0, jnp.ones_like(z), alpha * jnp.exp(jnp.minimum(z, 0))),
    )


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # arXiv:1706.02515, section 2


def _selu_deriv(z: Array, h: Array) -> Array:
    left = _SELU_SCALE * _SELU_ALPHA * jnp.exp(jnp.minimum(z, 0))
    return jnp.where(z > 0, jnp.full_like(z, _SELU_SCALE), left)


SIGMOID = Activation(jax.nn.sigmoid, lambda z, h: h * (1 - h))
TANH = Activation(jnp.tanh, lambda z, h: 1 - h * h)
RELU = Activation(jax.nn.relu, _relu_deriv)
SOFTPLUS = Activation(jax.nn.softplus, lambda z, h: jax.nn.sigmoid(z))
SILU = Activation(jax.nn.silu, _silu_deriv)
GELU = Activation(_gelu_tanh, _gelu_tanh_deriv)
IDENTITY = Activation(lambda z: z, lambda z, h: jnp.ones_like(z))
SELU = Activation(jax.nn.selu, _selu_deriv)
GELU_ERF = Activation(_gelu_erf, _gelu_erf_deriv)
RELU6 = Activation(_relu6, _slope_within(0, 6, 1.0))
HARD_TANH = Activation(_hard_tanh, _slope_within(-1, 1, 1.0))
HARD_SIGMOID = Activation(_hard_sigmoid, _slope_within(-3, 3, 1 / 6))
HARD_SWISH = Activation(lambda z: z * _hard_sigmoid(z), _hard_swish_deriv)
MISH = Activation(_mish, _mish_deriv)
SOFTSIGN = Activation(_softsign, _softsign_deriv)

ACTIVATIONS = MappingProxyType(
    {
        "sigmoid": SIGMOID,
        "tanh": TANH,
        "relu": RELU,
        "softplus": SOFTPLUS,
        "silu": SILU,
        "gelu": GELU,
        "identity": IDENTITY,
        "leaky_relu": leaky_relu(),
        "elu": elu(),
        "selu": SELU,
        "gelu_erf": GELU_ERF,
        "relu6": RELU6,
        "hard_tanh": HARD_TANH,
        "hard_sigmoid": HARD_SIGMOID,
        "hard_swish": HARD_SWISH,
        "mish": MISH,
        "softsign": SOFTSIGN,
    }
)
# name -> function of the number that such a name may have; the same number gives the same object
FAMILIES = MappingProxyType({"leaky_relu": leaky_relu, "elu": elu})
