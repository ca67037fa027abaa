"""Rows of a table, looked up one by one or in bags."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

_SUM, _MEAN, _MAX = range(3)


def embedding(
    w: Any, i: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Any:
    """Returns rows of w. That of padding, if there is one, has the gradient 0."""
    _check_scale(scale_grad_by_freq)
    rows = w[i]
    if padding_idx < 0:
        return rows
    is_padding = jnp.expand_dims(i == padding_idx, -1)
    return jnp.where(is_padding, lax.stop_gradient(rows), rows)


def embedding_bag(
    w: Any,
    indices: Any,
    offsets: Any,
    scale_grad_by_freq: bool = False,
    mode: int = _SUM,
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple[Any, None, None, None]:
    """Returns the sum, mean or maximum of the rows in each bag, and nothing of what torch keeps.

    Args:
      w: [rows, n].
      indices: of all bags, one behind the other.
      offsets: where in them each bag begins.
      scale_grad_by_freq: False.
      mode: 0 for the sum, 1 for the mean, 2 for the maximum.
      sparse: whether torch stores a sparse gradient.
      per_sample_weights: of the indices, in a sum; None if all are 1.
      include_last_offset: whether the last offset is the end.
      padding_idx: of a row that does not count; -1 for none.
    """
    _check_scale(scale_grad_by_freq)
    starts = offsets[:-1] if include_last_offset else offsets
    places = jnp.arange(indices.shape[0], dtype=starts.dtype)
    bag = jnp.sum(starts[None, :] <= places[:, None], 1, dtype=starts.dtype) - 1
    counted = indices != padding_idx
    if mode == _MAX:
        bags = jnp.arange(starts.shape[0], dtype=bag.dtype)
        is_in = (bag[:, None] == bags[None, :]) & counted[:, None]
        return _largest(w[indices], is_in), None, None, None
    rows = jnp.where(counted[:, None], w[indices], 0)
    rows = rows if per_sample_weights is None else rows * per_sample_weights[:, None]
    sums = jnp.zeros((starts.shape[0], w.shape[1]), w.dtype).at[bag].add(rows)
    if mode == _SUM:
        return sums, None, None, None
    counts = jnp.zeros(starts.shape, w.dtype).at[bag].add(counted.astype(w.dtype))
    return sums / jnp.where(counts == 0, 1, counts)[:, None], None, None, None


def _largest(rows: Any, is_in: Any) -> Any:
    """Returns the largest of the rows [i, n] that are in each bag, by is_in [i, bags]; else 0."""
    entries = jnp.where(is_in.T[:, :, None], rows[None], -jnp.inf)
    first = jnp.argmax(entries, 1)
    found = jnp.take_along_axis(rows, first, 0)
    return jnp.where(jnp.any(is_in, 0)[:, None], found, 0)


def _check_scale(scale_grad_by_freq: bool) -> None:
    if scale_grad_by_freq:
        raise NotImplementedError("embedding with scale_grad_by_freq has another gradient")


OPERATIONS: dict[str, Callable[..., Any]] = {
    "embedding.default": embedding,
    "_embedding_bag.default": embedding_bag,
    "_embedding_bag_forward_only.default": embedding_bag,
}
