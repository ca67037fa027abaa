"""Views: the same entries in another shape."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.aten.operations.axes import along, axes_of, axis_of
from compare.aten.operations.promotion import result_dtype


def view(x: Any, shape: Sequence[int]) -> Any:
    """Returns x in another shape, of which one size may be -1."""
    return jnp.reshape(x, tuple(shape))


def expand(x: Any, sizes: Sequence[int], *, implicit: bool = False) -> Any:
    """Returns x repeated along dimensions of size 1 and new ones; a size -1 stays what it is."""
    lead = len(sizes) - x.ndim
    shape = [x.shape[i - lead] if size == -1 else size for i, size in enumerate(sizes)]
    return jnp.broadcast_to(x, shape)


def squeeze(x: Any, dims: int | Sequence[int]) -> Any:
    """Returns x without those of the dimensions that have size 1."""
    return jnp.squeeze(x, tuple(axis for axis in axes_of(x, dims) if x.shape[axis] == 1))


def select(x: Any, dim: int, index: int) -> Any:
    """Returns x at an index of a dimension."""
    return lax.index_in_dim(x, index, axis_of(x, dim), keepdims=False)


def slice_of(
    x: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    """Returns x[start:end:step] along a dimension."""
    axis = axis_of(x, dim)
    first, last, _ = slice(start, end, step).indices(x.shape[axis])
    return lax.slice_in_dim(x, first, max(first, last), step, axis)


def concatenate(arrays: Sequence[Any], dim: int = 0) -> Any:
    """Returns arrays one behind the other; those of shape [0] do not count."""
    dtype = result_dtype(*arrays)
    some = [one for one in arrays if one.shape != (0,)] or arrays[:1]
    return jnp.concatenate([one.astype(dtype) for one in some], axis_of(some[0], dim))


def split(x: Any, sizes: Sequence[int], dim: int = 0) -> list[Any]:
    """Returns pieces of those sizes along a dimension."""
    return jnp.split(x, np.cumsum(sizes)[:-1], axis_of(x, dim))


def unfold(x: Any, dim: int, size: int, step: int) -> Any:
    """Returns windows of a size along a dimension, their entries along a new last dimension."""
    if x.ndim == 0:
        return jnp.broadcast_to(x, (size,))
    axis = axis_of(x, dim)
    starts = np.arange(0, x.shape[axis] - size + 1, step)
    return jnp.moveaxis(x[along(x, dim, starts[:, None] + np.arange(size))], axis + 1, -1)


def same(x: Any, *, memory_format: Any = None) -> Any:
    """Returns x."""
    return x


OPERATIONS: dict[str, Callable[..., Any]] = {
    "view.default": view,
    "_unsafe_view.default": view,
    "reshape.default": view,
    "permute.default": lambda x, dims: jnp.transpose(x, axes_of(x, dims)),
    "unsqueeze.default": jnp.expand_dims,
    "squeeze.dim": squeeze,
    "squeeze.dims": squeeze,
    "expand.default": expand,
    "repeat.default": jnp.tile,
    "flip.default": lambda x, dims: jnp.flip(x, axes_of(x, dims)) if len(dims) else x,
    "select.int": select,
    "slice.Tensor": slice_of,
    "cat.default": concatenate,
    "split_with_sizes.default": split,
    "diagonal.default": jnp.diagonal,
    "unfold.default": unfold,
    "alias.default": same,
    "clone.default": same,
    "lift_fresh_copy.default": same,
    "detach.default": lax.stop_gradient,
    "getitem": lambda x, index: x[index],
    "sym_size.int": lambda x, dim: x.shape[dim],
    "sym_numel.default": lambda x: math.prod(x.shape),
}
