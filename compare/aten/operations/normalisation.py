"""Normalisations, each with the mean and the reciprocal deviation that it divides by."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from compare.aten.operations.axes import broadcast_axis, size_of


def layer_norm(x: Any, shape: Sequence[int], w: Any, b: Any, eps: float) -> tuple[Any, Any, Any]:
    """Normalises over the last dimensions, of that shape."""
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    y, mean, scale = _normalised(x, axes, eps)
    lead = (1,) * (x.ndim - len(shape))
    return (
        _affine(y, *(one if one is None else one.reshape(lead + one.shape) for one in (w, b))),
        mean,
        scale,
    )


def group_norm(
    x: Any, w: Any, b: Any, n: int, channels: int, places: int, groups: int, eps: float
) -> tuple[Any, Any, Any]:
    """Normalises x [n, channels, ...] over the places and channels of each group."""
    y, mean, scale = _normalised(x.reshape(n, groups, math.prod(x.shape[1:]) // groups), (2,), eps)
    return (
        _affine(y.reshape(x.shape), *_of_channels(x, w, b)),
        mean.reshape(n, groups),
        scale.reshape(n, groups),
    )


def batch_norm(
    x: Any, w: Any, b: Any, training: bool, momentum: float, eps: float
) -> tuple[Any, Any, Any]:
    """Normalises x [n, channels, ...] over samples and places."""
    y, mean, scale = _normalised(x, _batch_axes(x), eps)
    return _affine(y, *_of_channels(x, w, b)), mean.reshape(-1), scale.reshape(-1)


def tracked_batch_norm(
    x: Any, w: Any, b: Any, mean: Any, var: Any, training: bool, momentum: float, eps: float
) -> tuple[Any, ...]:
    """Does that, and returns the new running mean and variance as well."""
    if not training:
        return *fixed_batch_norm(x, w, b, mean, var, momentum, eps), mean, var
    axes = _batch_axes(x)
    count = size_of(x, axes)
    centre = jnp.mean(x, axes, keepdims=True)
    squares = jnp.sum(jnp.square(x - centre), axes)
    new_mean = (1 - momentum) * mean + momentum * centre.reshape(-1).astype(mean.dtype)
    new_var = (1 - momentum) * var + momentum * (squares / (count - 1)).astype(var.dtype)
    return *batch_norm(x, w, b, training, momentum, eps), *map(
        lax.stop_gradient, (new_mean, new_var)
    )


def fixed_batch_norm(
    x: Any, w: Any, b: Any, mean: Any, var: Any, momentum: float, eps: float
) -> tuple[Any, Any, Any]:
    """Normalises x [n, channels, ...] by a mean and variance that are given."""
    mean, var = _of_channels(x, mean, var)
    nothing = jnp.zeros((0,), mean.dtype)
    y = (x - mean) * lax.rsqrt(var + eps)
    return _affine(y, *_of_channels(x, w, b)), nothing, nothing


def _normalised(x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any, Any]:
    mean = jnp.mean(x, axes, keepdims=True)
    centred = x - mean
    scale = lax.rsqrt(jnp.mean(jnp.square(centred), axes, keepdims=True) + eps)
    return centred * scale, mean, scale


def _affine(y: Any, w: Any, b: Any) -> Any:
    y = y if w is None else y * w
    return y if b is None else y + b


def _batch_axes(x: Any) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _of_channels(x: Any, *vectors: Any) -> tuple[Any, ...]:
    return tuple(one if one is None else broadcast_axis(x, 1, one) for one in vectors)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "native_layer_norm.default": layer_norm,
    "native_group_norm.default": group_norm,
    "_native_batch_norm_legit.no_stats": batch_norm,
    "_native_batch_norm_legit_functional.default": tracked_batch_norm,
    "_native_batch_norm_legit_no_training.default": fixed_batch_norm,
}
