"""Entries that are replaced, or added to, at places or by masks that are arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.aten.operations.arithmetic import divide
from compare.aten.operations.axes import axis_of, broadcast_axis
from compare.aten.operations.promotion import same_rank


def index_put(x: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Any:
    """Returns x with values at x[indices], or added there."""
    masks = [one for one in indices if one is not None and one.dtype == np.bool_]
    values = values.astype(x.dtype)
    if masks:
        if len(indices) > 1:
            raise NotImplementedError("assignment to x[mask, index] by several indices")
        return _masked_put(x, masks[0], values, accumulate)
    at = x.at[tuple(slice(None) if one is None else one for one in indices)]
    return at.add(values) if accumulate else at.set(values)


def _masked_put(x: Any, mask: Any, values: Any, accumulate: bool) -> Any:
    rank = x.ndim - mask.ndim
    is_chosen = lax.expand_dims(mask, range(mask.ndim, x.ndim))
    if values.ndim > rank and values.shape[0] != 1:  # a row for every True
        values = values[_count_before(mask, values.shape[0])]
    elif values.ndim > rank:
        values = values[0]
    values = x + values if accumulate else values
    return jnp.where(*same_rank(is_chosen, values, x))


def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """Returns x with the next entry of the source at every place of a mask."""
    mask = jnp.broadcast_to(mask, x.shape)
    return jnp.where(mask, source.reshape(-1)[_count_before(mask, source.size)], x)


def _count_before(mask: Any, size: int) -> Any:
    """Returns how many places of a mask are before each, at most size - 1."""
    count = lax.cumsum(mask.reshape(-1).astype(np.int32)) - 1
    return jnp.clip(count, 0, max(size - 1, 0)).reshape(mask.shape)


def scatter(x: Any, dim: int, index: Any, source: Any, *, reduce: str | None = None) -> Any:
    """Returns x with the source at an index along a dimension, or added there."""
    if reduce not in (None, "add"):
        raise NotImplementedError(f"scatter with reduce={reduce!r} has no gradient")
    at = jnp.atleast_1d(x).at[_places(x, dim, index)]
    values = _part(source, index).astype(x.dtype)
    return (at.add(values) if reduce else at.set(values)).reshape(x.shape)


def put(x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """Returns x with the source at an index among all entries, or added there."""
    at = x.reshape(-1).at[index.reshape(-1)]
    values = source.reshape(-1)
    return (at.add(values) if accumulate else at.set(values)).reshape(x.shape)


def index_reduce(
    x: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """Does what `scatter_reduce` does, with one index for a slice of the source."""
    wide = jnp.broadcast_to(broadcast_axis(source, axis_of(x, dim), index), source.shape)
    return scatter_reduce(x, dim, wide, source, reduce, include_self=include_self)


def scatter_reduce(
    x: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """Returns x joined with the source at an index along a dimension.

    Args:
      x: an array.
      dim: of x.
      index: where entries of the source go.
      source: at least as large as the index.
      reduce: 'sum', 'mean', 'amax' or 'amin'; equal extremes share the gradient.
      include_self: whether the entry of x counts where others come.
    """
    if reduce not in _REDUCTIONS:
        raise NotImplementedError(f"scatter_reduce with reduce={reduce!r}")
    if index.size == 0:
        return x
    places, values = _places(x, dim, index), _part(source, index)
    entries = jnp.atleast_1d(x)
    counts = jnp.ones(entries.shape, x.dtype)
    counts = counts if include_self else counts.at[places].set(0)
    return _REDUCTIONS[reduce](entries, counts, places, values).reshape(x.shape)


def _sum(x: Any, counts: Any, places: Any, values: Any) -> Any:
    return jnp.where(counts > 0, x, 0).at[places].add(values)


def _mean(x: Any, counts: Any, places: Any, values: Any) -> Any:
    whole = _sum(x, counts, places, values)
    counts = counts.at[places].add(jnp.ones(values.shape, x.dtype))
    return divide(whole, counts, rounding_mode=None if _is_float(x) else "floor")


def _extreme(name: str) -> Callable[..., Any]:
    def of(x: Any, counts: Any, places: Any, values: Any) -> Any:
        some = jnp.where(counts > 0, x, (jnp.min if name == "max" else jnp.max)(values))
        found = lax.stop_gradient(getattr(some.at[places], name)(values))
        if not _is_float(x):
            return found
        mine, theirs = (x == found) & (counts > 0), values == found[places]
        ties = mine.astype(x.dtype).at[places].add(theirs.astype(x.dtype))
        return jnp.where(mine, x, 0).at[places].add(jnp.where(theirs, values, 0)) / ties

    return of


def _is_float(x: Any) -> bool:
    return bool(jnp.issubdtype(x.dtype, jnp.floating))


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "mean": _mean,
    "amax": _extreme("max"),
    "amin": _extreme("min"),
}


def _places(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """Returns what x is indexed with: the index along a dimension, and the place along others."""
    index = jnp.atleast_1d(index)
    others = [lax.broadcasted_iota(index.dtype, index.shape, i) for i in range(index.ndim)]
    others[axis_of(x, dim)] = index
    return tuple(others)


def _part(source: Any, index: Any) -> Any:
    if not hasattr(source, "dtype"):
        return jnp.full(jnp.atleast_1d(index).shape, source)
    return jnp.atleast_1d(source[tuple(slice(n) for n in index.shape)])


OPERATIONS: dict[str, Callable[..., Any]] = {
    "index_put.default": index_put,
    "put.default": put,
    "index_reduce.default": index_reduce,
    "masked_scatter.default": masked_scatter,
    "scatter.src": scatter,
    "scatter.value": scatter,
    "scatter.reduce": scatter,
    "scatter.value_reduce": scatter,
    "scatter_add.default": lambda x, dim, i, source: scatter(x, dim, i, source, reduce="add"),
    "scatter_reduce.two": scatter_reduce,
}
