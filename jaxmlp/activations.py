"""Hidden activations and their derivatives, by name.

A derivative takes both the preactivation z and the activation h = fn(z), because sigmoid and
tanh are cheapest from h and the others need z.
"""

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
      ValueError: if there is neither one for all nor one for each.
    """
    if isinstance(activations, Activation):
        return (activations,) * n_hidden
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


SIGMOID = Activation(jax.nn.sigmoid, lambda z, h: h * (1 - h))
TANH = Activation(jnp.tanh, lambda z, h: 1 - h * h)
RELU = Activation(jax.nn.relu, _relu_deriv)
SOFTPLUS = Activation(jax.nn.softplus, lambda z, h: jax.nn.sigmoid(z))
SILU = Activation(jax.nn.silu, _silu_deriv)
GELU = Activation(_gelu_tanh, _gelu_tanh_deriv)
IDENTITY = Activation(lambda z: z, lambda z, h: jnp.ones_like(z))

ACTIVATIONS = MappingProxyType(
    {
        "sigmoid": SIGMOID,
        "tanh": TANH,
        "relu": RELU,
        "softplus": SOFTPLUS,
        "silu": SILU,
        "gelu": GELU,
        "identity": IDENTITY,
    }
)
