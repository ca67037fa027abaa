"""Extremes and order. Equal entries share the gradient where torch returns a value alone.

Where it returns an index too, the entry at that index has all of it.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from compare.aten.dtypes import default_int
from compare.aten.operations.axes import axis_of, over_dims


def _index(f: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that gives the index, among all entries unless a dimension is told."""

    def index(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        axis = None if dim is None or x.ndim == 0 else axis_of(x, dim)
        return f(x, axis, keepdims=keepdim).astype(default_int())

    return index


def _with_index(f: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that gives the entries at an index along a dimension, and the index."""

    def entries(x: Any, dim: int, keepdim: bool = False) -> tuple[Any, Any]:
        wide, axis = jnp.atleast_1d(x), axis_of(x, dim)
        index = f(wide, axis, keepdims=True).astype(default_int())
        found = jnp.take_along_axis(wide, index, axis)
        if keepdim and x.ndim:
            return found, index
        return jnp.squeeze(found, axis), jnp.squeeze(index, axis)

    return entries


def _smallest(k: int) -> Callable[..., Any]:
    """Returns a function that gives the index of the k-th smallest entry, counted from 0."""

    def index(x: Any, axis: int, *, keepdims: bool) -> Any:
        return lax.slice_in_dim(jnp.argsort(x, axis=axis), k, k + 1, axis=axis)

    return index


def _middle(x: Any, axis: int, *, keepdims: bool) -> Any:
    """Returns the index of the lower median, or of the first NaN."""
    is_nan = jnp.isnan(x)
    middle = _smallest((x.shape[axis] - 1) // 2)(x, axis, keepdims=True)
    first = jnp.argmax(is_nan, axis, keepdims=True).astype(middle.dtype)
    return jnp.where(jnp.any(is_nan, axis, keepdims=True), first, middle)


def kth_smallest(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Any, Any]:
    """Returns the k-th smallest entry along a dimension, counted from 1, and its index."""
    return _with_index(_smallest(k - 1))(x, dim, keepdim)


def sort(
    x: Any, dim: int = -1, descending: bool = False, *, stable: bool | None = None
) -> tuple[Any, Any]:
    """Returns entries in order along a dimension, and their indices; equal ones in theirs."""
    wide, axis = jnp.atleast_1d(x), axis_of(x, dim)
    order = jnp.argsort(wide, axis=axis, stable=True, descending=descending)
    turned = jnp.flip(wide, axis) if descending else wide  # so that equal ones stay in order
    entries = jnp.sort(turned, axis=axis, stable=True)
    entries = jnp.flip(entries, axis) if descending else entries
    return entries.reshape(x.shape), order.astype(default_int()).reshape(x.shape)


def top_k(
    x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Any, Any]:
    """Returns the k largest or smallest entries along a dimension, in order, and their indices."""
    if x.ndim == 0:
        return x, jnp.zeros((), default_int())
    entries, order = sort(x, dim, largest)
    return lax.slice_in_dim(entries, 0, k, axis=dim), lax.slice_in_dim(order, 0, k, axis=dim)


def median(x: Any) -> Any:
    """Returns the lower median of all entries, which share its gradient where they are equal."""
    found = lax.stop_gradient(_with_index(_middle)(x.reshape(-1), 0)[0])
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return found
    ties = jnp.where(jnp.isnan(found), jnp.isnan(x), x == found)
    return jnp.sum(jnp.where(ties, x, 0)) / jnp.sum(ties.astype(x.dtype))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "amax.default": over_dims(jnp.max),
    "amin.default": over_dims(jnp.min),
    "max.default": over_dims(jnp.max),
    "min.default": over_dims(jnp.min),
    "max.dim": _with_index(jnp.argmax),
    "min.dim": _with_index(jnp.argmin),
    "argmax.default": _index(jnp.argmax),
    "argmin.default": _index(jnp.argmin),
    "kthvalue.default": kth_smallest,
    "median.default": median,
    "median.dim": _with_index(_middle),
    "sort.default": sort,
    "sort.stable": lambda x, *, stable, dim=-1, descending=False: sort(x, dim, descending),
    "topk.default": top_k,
}
