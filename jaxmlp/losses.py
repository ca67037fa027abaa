"""Losses of one sample and their slopes, by name."""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import jax.numpy as jnp

from jaxmlp.base import Array


class Loss(NamedTuple):
    """A loss and its slope; hashable, so static under `jit`. Samples can be columns, [k, N]."""

    value: Callable[[Array, Array], Array]  # (yhat [k], y [k]) -> scalar
    slope: Callable[[Array, Array], Array]  # (yhat [k], y [k]) -> dL/dyhat [k]


SQUARED = Loss(
    lambda yhat, y: jnp.square(yhat - y).sum(axis=0),
    lambda yhat, y: 2 * (yhat - y),
)

LOSSES = MappingProxyType({"squared": SQUARED})
