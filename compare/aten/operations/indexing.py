"""Entries that are looked up, and entries that are replaced at places known from the program."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.aten.dtypes import default_int
from compare.aten.operations.axes import along, axis_of
from compare.aten.operations.promotion import same_rank


def index(x: Any, indices: Sequence[Any]) -> Any:
    """Returns x[indices], where None stands for all of a dimension."""
    if any(one is not None and one.dtype == np.bool_ for one in indices):
        raise NotImplementedError(
            "indexing with a mask gives an array whose shape depends on its values: "
            "torch.where(mask, x, 0) keeps the shape"
        )
    return x[tuple(slice(None) if one is None else one for one in indices)]


def gather(x: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """Returns the entries of x at an index along a dimension; x may be larger along others."""
    if x.ndim == 0:
        return jnp.broadcast_to(x, index.shape)
    axis = axis_of(x, dim)
    sizes = (x.shape[i] if i == axis else n for i, n in enumerate(index.shape))
    return jnp.take_along_axis(x[tuple(slice(n) for n in sizes)], index, axis)


def select_scatter(x: Any, values: Any, dim: int, index: int) -> Any:
    """Returns x with other values at an index of a dimension."""
    return x.at[along(x, dim, index)].set(values.astype(x.dtype))


def slice_scatter(
    x: Any,
    values: Any,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Any:
    """Returns x with other values in x[start:end:step] of a dimension."""
    return x.at[along(x, dim, slice(start, end, step))].set(values.astype(x.dtype))


def diagonal_scatter(x: Any, values: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """Returns x with other values on a diagonal of two of its dimensions."""
    matrices = jnp.moveaxis(x, (dim1, dim2), (-2, -1))
    steps = np.arange(values.shape[-1])
    places = (..., steps + max(-offset, 0), steps + max(offset, 0))
    return jnp.moveaxis(matrices.at[places].set(values.astype(x.dtype)), (-2, -1), (dim1, dim2))


def positions(
    edges: Any, x: Any, *, out_int32: bool = False, right: bool = False, side: Any = None
) -> Any:
    """Returns how many of the sorted edges lie before x, or are x as well if `right`."""
    edges = jnp.expand_dims(edges, -2) if edges.ndim > 1 else edges
    before = jnp.less_equal if right or side == "right" else jnp.less
    is_before = before(*same_rank(edges, jnp.expand_dims(x, -1)))
    return jnp.sum(is_before, -1, dtype=jnp.int32 if out_int32 else default_int())


def repeated_indices(repeats: Any, *, output_size: int | None = None) -> Any:
    """Returns every index of an array as often as that array says."""
    if output_size is None:
        raise NotImplementedError("repeat_interleave by an array needs output_size")
    places = jnp.arange(repeats.shape[0], dtype=default_int())
    return jnp.repeat(places, repeats, total_repeat_length=output_size)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "index.Tensor": index,
    "index_select.default": lambda x, dim, i: x[along(x, dim, i)] if x.ndim else x,
    "gather.default": gather,
    "select_scatter.default": select_scatter,
    "slice_scatter.default": slice_scatter,
    "diagonal_scatter.default": diagonal_scatter,
    "searchsorted.Tensor": positions,
    "bucketize.Tensor": lambda x, edges, **options: positions(edges, x, **options),
    "repeat_interleave.Tensor": repeated_indices,
}
