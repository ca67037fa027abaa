"""Losses that `torch.export` leaves whole."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_NONE, _MEAN, _SUM = range(3)
_LEAST_LOG = -100  # of a probability, which may be 0
_LEAST_VARIANCE = float(np.float32(1e-12))  # of a label; the slope is divided by it


def binary_cross_entropy(p: Any, label: Any, weight: Any = None, reduction: int = _MEAN) -> Any:
    """Returns -label log p - (1 - label) log(1 - p), its mean or its sum."""
    entries = _entropy(p, label)
    entries = entries if weight is None else entries * weight
    if reduction == _NONE:
        return entries
    return jnp.mean(entries) if reduction == _MEAN else jnp.sum(entries)


@jax.custom_jvp
def _entropy(p: Any, label: Any) -> Any:
    own, other = (jnp.maximum(log, _LEAST_LOG) for log in (jnp.log(p), jnp.log1p(-p)))
    return (label - 1) * other - label * own


_entropy.defjvps(
    lambda g, _, p, label: g * ((p - label) / jnp.maximum((1 - p) * p, _LEAST_VARIANCE)),
    lambda g, _, p, label: g * (jnp.log1p(-p) - jnp.log(p)),
)


OPERATIONS: dict[str, Callable[..., Any]] = {"binary_cross_entropy.default": binary_cross_entropy}
