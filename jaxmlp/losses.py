"""The output activation and the loss of one sample, as functions of z of the last layer.

They belong together: the slope of cross-entropy on a softmax is short and stable only as a whole,
and so is that of binary cross-entropy on a sigmoid. Samples can be columns, z [k, N].
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxmlp.base import Array, Params


class Loss(NamedTuple):
    """A loss of z and its slope; hashable, so static under `jit`."""

    value: Callable[[Array, Array], Array]  # (z [k], y [k]) -> scalar
    slope: Callable[[Array, Array], Array]  # (z [k], y [k]) -> dL/dz [k]
    predict: Callable[[Array], Array]  # z [k] -> yhat [k]


class Output(NamedTuple):
    """What is applied to z of the last layer."""

    fn: Callable[[Array], Array]  # z -> yhat
    pull: Callable[[Array, Array], Array]  # (yhat, g = dL/dyhat) -> dL/dz


class Distance(NamedTuple):
    """A loss of yhat and y, output by output."""

    value: Callable[[Array, Array], Array]  # (yhat [k], y [k]) -> scalar
    slope: Callable[[Array, Array], Array]  # (yhat [k], y [k]) -> dL/dyhat [k]


def _identity(z: Array) -> Array:
    return z


def penalty(params: Params, l2: float) -> Array:
    """Returns lambda / 2 |w|^2 over all weights, biases left out."""
    return l2 / 2 * sum(jnp.square(w).sum() for w, _ in params)


OUTPUTS = MappingProxyType(
    {
        "linear": Output(_identity, lambda yhat, g: g),
        "sigmoid": Output(jax.nn.sigmoid, lambda yhat, g: g * (yhat * (1 - yhat))),
        "tanh": Output(jnp.tanh, lambda yhat, g: g * (1 - yhat * yhat)),
        "softmax": Output(
            lambda z: _softmax(z),
            lambda yhat, g: yhat * (g - _spread(jnp.sum(yhat * g, axis=0), g)),
        ),
    }
)
DISTANCES = MappingProxyType(
    {
        "squared": Distance(
            lambda yhat, y: jnp.square(yhat - y).sum(axis=0),
            lambda yhat, y: 2 * (yhat - y),
        ),
        "half_squared": Distance(
            lambda yhat, y: jnp.square(yhat - y).sum(axis=0) / 2,
            lambda yhat, y: yhat - y,
        ),
        "mean_squared": Distance(
            lambda yhat, y: jnp.square(yhat - y).mean(axis=0),
            lambda yhat, y: 2 * (yhat - y) / len(yhat),
        ),
        "huber": Distance(
            lambda yhat, y: _huber(yhat - y).sum(axis=0),
            lambda yhat, y: jnp.clip(yhat - y, -1, 1),
        ),
        "absolute": Distance(
            lambda yhat, y: jnp.abs(yhat - y).sum(axis=0),
            lambda yhat, y: jnp.sign(yhat - y),
        ),
        "hinge": Distance(
            lambda yhat, y: jnp.maximum(1 - y * yhat, 0).sum(axis=0),
            lambda yhat, y: jnp.where(y * yhat < 1, -y, jnp.zeros_like(y)),
        ),
    }
)


def _softmax(z: Array) -> Array:
    e = jnp.exp(z - _largest(z))
    return e / _spread(e.sum(axis=0), e)


def _spread(of_sample: Array, like: Array) -> Array:
    """Repeats one number a sample for every output, where samples are columns."""
    return of_sample if like.ndim == 1 else jnp.broadcast_to(of_sample, like.shape)


def _largest(z: Array) -> Array:
    """The largest entry of a sample, by which z is moved; the result does not depend on it."""
    return jax.lax.stop_gradient(_spread(z.max(axis=0), z))


def _huber(r: Array) -> Array:
    size = jnp.abs(r)
    return jnp.where(size < 1, r * r / 2, size - 0.5)


def _cross_entropy(z: Array, y: Array) -> Array:
    """-sum y log softmax(z)."""
    moved = z - _largest(z)
    total = jnp.log(jnp.exp(moved).sum(axis=0))
    return -(y * (moved - _spread(total, moved))).sum(axis=0)


def _binary_cross_entropy(z: Array, y: Array) -> Array:
    """-sum y log sigmoid(z) + (1 - y) log sigmoid(-z).

    By one comparison, so that the slope is that of one side also where z is 0 or flushed to it.
    """
    above = z > 0
    size = jnp.where(above, z, -z)
    return (jnp.where(above, z, jnp.zeros_like(z)) - z * y + jnp.log1p(jnp.exp(-size))).sum(axis=0)


def _joined(output: str, distance: Distance) -> Loss:
    """A loss of yhat on an output activation."""
    fn, pull = OUTPUTS[output]
    if output == "linear":
        return Loss(distance.value, distance.slope, fn)

    def value(z: Array, y: Array) -> Array:
        return distance.value(fn(z), y)

    def slope(z: Array, y: Array) -> Array:
        yhat = fn(z)
        return pull(yhat, distance.slope(yhat, y))

    return Loss(value, slope, fn)


# (output, loss) -> both together. All are sums over the outputs, but for mean_squared, which is
# their mean. The Huber loss has its threshold at 1; the hinge loss is max(0, 1 - y yhat).
LOSSES: MappingProxyType[tuple[str, str], Loss] = MappingProxyType(
    {
        **{
            (output, name): _joined(output, distance)
            for output in OUTPUTS
            for name, distance in DISTANCES.items()
            if name != "hinge" or output in ("linear", "tanh")
        },
        ("softmax", "cross_entropy"): Loss(_cross_entropy, lambda z, y: _softmax(z) - y, _softmax),
        ("sigmoid", "binary_cross_entropy"): Loss(
            _binary_cross_entropy, lambda z, y: jax.nn.sigmoid(z) - y, jax.nn.sigmoid
        ),
    }
)
SQUARED = LOSSES["linear", "squared"]
