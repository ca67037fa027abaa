"""Where what people write may overflow or divide 0 by 0, in JAX for `roundoff` to trace.

Nobody computes these: values and slopes are those of jaxmlp, with 0 times what may overflow beside
them, so that bounds are infinite there. They excuse a number that is not finite, and no other.
"""

import functools
from collections.abc import Callable
from types import MappingProxyType

import jax.numpy as jnp

from compare.implementations.activation_formulas import TEXTBOOK
from jaxmlp import ACTIVATIONS as EXACT
from jaxmlp import FAMILIES as EXACT_FAMILIES
from jaxmlp import LOSSES as EXACT_LOSSES
from jaxmlp import Activation, Loss
from jaxmlp.base import Array

Lost = Callable[[Array], Array]  # z -> 0, with an infinite bound where something may overflow
_EXPONENTS: MappingProxyType[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "sigmoid": lambda z: z,  # e^z / (1 + e^z)
        "tanh": lambda z: 2 * z,  # (e^2z - 1) / (e^2z + 1)
        "softplus": lambda z: z,  # log(1 + e^z)
        "silu": lambda z: z,
        "gelu": lambda z: z * (1.6 + 0.0714 * z * z),  # that of tanh, twice
        "selu": lambda z: z,  # 0 times the slope of e^z - 1
        "mish": lambda z: 4 * z,  # the square of e^2z + 2 e^z + 2
    }
)


def _of_exponent(exponent: Array) -> Array:
    return 0 * jnp.exp(jnp.abs(exponent))


def _activation(phi: Activation, exponent: Callable[[Array], Array]) -> Activation:
    return Activation(
        lambda z: phi.fn(z) + _of_exponent(exponent(z)),
        lambda z, h: phi.deriv(z, h) + _of_exponent(exponent(z)),
    )


def _elu(alpha: float) -> Activation:
    return _activation(EXACT_FAMILIES["elu"](alpha), lambda z: z)


def _of_exponentials(z: Array) -> Array:
    """Of one output, which may be in all others, as the sum of a softmax is: [1, ...]."""
    return _of_exponent(2 * z).sum(axis=0, keepdims=True)


def _of_quotients(z: Array) -> Array:
    """Of y / p and (1 - y) / (1 - p), with p by a formula that has lost digits."""
    p = TEXTBOOK["sigmoid"].fn(z)
    return _of_exponentials(z) + (0 * (1 / p) + 0 * (1 / (1 - p))).sum(axis=0, keepdims=True)


def _of_shares(z: Array) -> Array:
    """Of y / p, where p is a share of a sum of exponentials."""
    e = jnp.exp(z - z.max(axis=0, keepdims=True))
    p = e / e.sum(axis=0, keepdims=True)
    return _of_exponentials(z) + (0 * (1 / p)).sum(axis=0, keepdims=True)


def _loss(end: tuple[str, str]) -> Loss:
    output, name = end
    joined = {"cross_entropy": _of_shares, "binary_cross_entropy": _of_quotients}
    loss, lost = EXACT_LOSSES[end], joined.get(name, _of_exponentials)
    if output == "linear":
        return loss
    return Loss(
        lambda z, y: loss.value(z, y) + lost(z)[0],
        lambda z, y: loss.slope(z, y) + lost(z),
        lambda z: loss.predict(z) + lost(z),
    )


ACTIVATIONS: MappingProxyType[str, Activation] = MappingProxyType(
    {
        **EXACT,
        **{name: _activation(EXACT[name], exponent) for name, exponent in _EXPONENTS.items()},
    }
)
FAMILIES = MappingProxyType({**EXACT_FAMILIES, "elu": functools.cache(_elu)})
LOSSES: MappingProxyType[tuple[str, str], Loss] = MappingProxyType(
    {end: _loss(end) for end in EXACT_LOSSES}
)
TABLES = ACTIVATIONS, FAMILIES, LOSSES
