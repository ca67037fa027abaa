"""What each implementation evaluates, as a JAX function for `roundoff` to trace.

torch differentiates softplus, silu and gelu by formulas of its own, and takes another forward
formula for softplus; written out here, they give the rounding bound of torch without running it.
"""

import functools
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

from compare.problem.network import Network
from jaxmlp import (
    ACTIVATIONS,
    LOSSES,
    Activation,
    Batch,
    Evaluation,
    Loss,
    Params,
    autodiff,
    backprop,
)
from jaxmlp.base import Array

Formula = Callable[[Params, Batch], Evaluation]


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


def _gelu_slope(z: Array, h: Array) -> Array:
    del h
    scale, cubic = math.sqrt(2 / math.pi), 0.044715
    t = jnp.tanh(scale * (z + cubic * (z * z * z)))
    return 0.5 * (1 + t) + (0.5 * z) * (1 - t * t) * (scale * (1 + 3 * cubic * z * z))


_TORCH: MappingProxyType[str, Activation] = MappingProxyType(
    {
        **ACTIVATIONS,
        "softplus": Activation(_softplus, _softplus_slope),
        "silu": Activation(jax.nn.silu, _silu_slope),
        "gelu": Activation(ACTIVATIONS["gelu"].fn, _gelu_slope),
    }
)


class Source(NamedTuple):
    """Where a formula comes from."""

    differentiate: Callable[..., Evaluation]
    activations: Mapping[str, Activation]


FORMULAS: MappingProxyType[str, Source] = MappingProxyType(
    {
        "autodiff": Source(autodiff.per_sample_gradients, ACTIVATIONS),
        "backprop": Source(backprop.per_sample_gradients, ACTIVATIONS),
        "torch": Source(backprop.per_sample_gradients, _TORCH),
    }
)


def formula(name: str, network: Network) -> Formula:
    """Returns the function that an implementation evaluates.

    It is one object for all that evaluate the same, so that what is traced of it is used again.

    Args:
      name: a key of FORMULAS.
      network: whose activations and loss it has.
    """
    source = FORMULAS[name]
    activations = tuple(source.activations[one] for one in network.activations)
    return _made(source.differentiate, activations, LOSSES[network.loss])


@functools.cache
def _made(
    by: Callable[..., Evaluation], activations: tuple[Activation, ...], loss: Loss
) -> Formula:
    return functools.partial(by, activation=activations, loss=loss)
