"""The dimensions that an operation of torch is told."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def axis_of(x: Any, dim: int) -> int:
    """Returns a dimension as a number that is not negative; 0 of an array without dimensions."""
    return dim % max(x.ndim, 1)


def axes_of(x: Any, dims: int | Sequence[int] | None) -> tuple[int, ...]:
    """Returns the dimensions that a reduction is told: all, if it is told none."""
    if dims is None or x.ndim == 0 or (not isinstance(dims, int) and len(dims) == 0):
        return tuple(range(x.ndim))
    return tuple(axis_of(x, dim) for dim in ((dims,) if isinstance(dims, int) else dims))


def over_dims(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a reduction of jax.numpy as a function that takes what torch's does."""
    return lambda x, dim=None, keepdim=False: reduce(x, axes_of(x, dim), keepdims=keepdim)


def size_of(x: Any, axes: Sequence[int]) -> int:
    """Returns the number of entries that a reduction over axes joins to one."""
    return int(np.prod([x.shape[axis] for axis in axes], dtype=int))


def along(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """Returns what x is indexed with to have `index` in one dimension, and all of the others."""
    return (slice(None),) * axis_of(x, dim) + (index,)


def broadcast_axis(x: Any, axis: int, vector: Any) -> Any:
    """Returns a vector with the rank of x, its entries along an axis."""
    shape = [1] * x.ndim
    shape[axis] = -1
    return vector.reshape(shape)
