"""Normalisations, each with the mean and the reciprocal deviation that it divides by."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from compare.aten.operations.axes import broadcast_axis, size_of
from compare.aten.operations.promotion import same_rank


def layer_norm(x: Any, shape: Sequence[int], w: Any, b: Any, eps: float) -> tuple[Any, Any, Any]:
    """Normalises over the last dimensions, of that shape."""
    wide, w, b = _in_one_dtype(x, w, b)
    y, mean, scale = _normalised(wide, tuple(range(x.ndim - len(shape), x.ndim)), eps)
    return _affine(y, *same_rank(y, w, b)[1:]).astype(x.dtype), mean, scale


def group_norm(
    x: Any, w: Any, b: Any, n: int, channels: int, places: int, groups: int, eps: float
) -> tuple[Any, Any, Any]:
    """Normalises x [n, channels, ...] over the places and channels of each group."""
    wide, w, b = _in_one_dtype(x, w, b)
    y, mean, scale = _normalised(wide.reshape(n, groups, -1), (2,), eps)
    y = _affine(y.reshape(x.shape), *_of_channels(x, w, b))
    return y.astype(x.dtype), mean.reshape(n, groups), scale.reshape(n, groups)


def batch_norm(
    x: Any, w: Any, b: Any, training: bool, momentum: float, eps: float
) -> tuple[Any, Any, Any]:
    """Normalises x [n, channels, ...] over samples and places."""
    wide, w, b = _in_one_dtype(x, w, b)
    y, mean, scale = _normalised(wide, _batch_axes(x), eps)
    y = _affine(y, *_of_channels(x, w, b))
    return y.astype(x.dtype), mean.reshape(-1), scale.reshape(-1)


def tracked_batch_norm(
    x: Any, w: Any, b: Any, mean: Any, var: Any, training: bool, momentum: float, eps: float
) -> tuple[Any, ...]:
    """Does that, or what `fixed_batch_norm` does, and returns the running mean and variance."""
    if not training:
        return *fixed_batch_norm(x, w, b, mean, var, momentum, eps), mean, var
    axes = _batch_axes(x)
    (wide,) = lax.stop_gradient(_in_one_dtype(x, mean)[:1])
    centre = jnp.mean(wide, axes, keepdims=True)
    spread = jnp.sum(jnp.square(wide - centre), axes) / (size_of(x, axes) - 1)
    running = (
        ((1 - momentum) * old + momentum * new).astype(old.dtype)
        for old, new in ((mean, centre.reshape(-1)), (var, spread))
    )
    return *batch_norm(x, w, b, training, momentum, eps), *running


def fixed_batch_norm(
    x: Any, w: Any, b: Any, mean: Any, var: Any, momentum: float, eps: float
) -> tuple[Any, Any, Any]:
    """Normalises x [n, channels, ...] by a mean and variance that are given."""
    wide, w, b, mean, var = _in_one_dtype(x, w, b, mean, var)
    nothing = jnp.zeros((0,), mean.dtype)
    mean, var, w, b = _of_channels(x, mean, var, w, b)
    y = _affine((wide - mean) * lax.rsqrt(var + eps), w, b)
    return y.astype(x.dtype), nothing, nothing


def _in_one_dtype(*arrays: Any) -> tuple[Any, ...]:
    """Returns arrays, some of which may be None, in the largest of their dtypes."""
    with jax.numpy_dtype_promotion("standard"):
        dtype = jnp.result_type(*(one for one in arrays if one is not None))
    return tuple(one if one is None else one.astype(dtype) for one in arrays)


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
