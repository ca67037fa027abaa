"""Sums, products and extremes of all entries up to each."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from compare.aten.dtypes import default_int
from compare.aten.operations.axes import axis_of, broadcast_axis


def _cumulative(f: Callable[..., Any]) -> Callable[..., Any]:
    def of(x: Any, dim: int, *, dtype: Any = None) -> Any:
        if dtype is None and not jnp.issubdtype(x.dtype, jnp.floating):
            dtype = default_int()
        wide = jnp.atleast_1d(x if dtype is None else x.astype(dtype))
        return f(wide, axis_of(x, dim)).reshape(x.shape)

    return of


def _extremes(f: Callable[..., Any], compare: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that gives the extreme so far, and its index, of equal ones the last."""

    def of(x: Any, dim: int) -> tuple[Any, Any]:
        wide, axis = jnp.atleast_1d(x), axis_of(x, dim)
        places = broadcast_axis(wide, axis, jnp.arange(wide.shape[axis], dtype=default_int()))
        is_new = compare(wide, f(wide, axis)) | jnp.isnan(wide)
        index = lax.cummax(jnp.where(is_new, places, 0), axis)
        found = jnp.take_along_axis(wide, index, axis)
        return found.reshape(x.shape), index.reshape(x.shape)

    return of


OPERATIONS: dict[str, Callable[..., Any]] = {
    "cumsum.default": _cumulative(lax.cumsum),
    "cumprod.default": _cumulative(lax.cumprod),
    "logcumsumexp.default": _cumulative(lax.cumlogsumexp),
    "cummax.default": _extremes(lax.cummax, jnp.greater_equal),
    "cummin.default": _extremes(lax.cummin, jnp.less_equal),
}
