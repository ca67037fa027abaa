"""Arrays that a program makes, and conversions."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.aten.dtypes import default_float, default_int


def full(size: Sequence[int], value: Any, *, dtype: Any = None) -> Any:
    """Returns an array of one value, of its dtype unless another is told."""
    if dtype is None:
        dtype = default_int() if isinstance(value, int) else default_float()
        dtype = np.bool_ if isinstance(value, bool) else dtype
    return jnp.full(tuple(size), value, dtype)


def full_like(x: Any, value: Any, *, dtype: Any = None) -> Any:
    """Returns an array of one value, in the shape of x."""
    return jnp.full(x.shape, value, x.dtype if dtype is None else dtype)


def arange(start: float, end: float, step: float = 1, *, dtype: Any = None) -> Any:
    """Returns start + i step for all of them before the end."""
    if dtype is None:
        whole = all(isinstance(one, int) for one in (start, end, step))
        dtype = default_int() if whole else default_float()
    count = max(int(np.ceil((end - start) / step)), 0)
    return jnp.asarray(start + np.arange(count) * step, dtype)


def empty(size: Sequence[int], *_: Any, dtype: Any = None) -> Any:
    """Returns zeros: a program that reads what nothing was written to has no meaning."""
    return jnp.zeros(tuple(size), default_float() if dtype is None else dtype)


def copied(x: Any, source: Any, non_blocking: bool = False) -> Any:
    """Returns the source in the shape and dtype of x."""
    return jnp.broadcast_to(source, x.shape).astype(x.dtype)


def converted(x: Any, *, dtype: Any = None, non_blocking: bool = False) -> Any:
    """Returns x in another dtype."""
    return x if dtype is None else x.astype(dtype)


def triangle(indices: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that gives the rows and columns of a triangle of a matrix."""

    def of(rows: int, columns: int, offset: int = 0, *, dtype: Any = None) -> Any:
        return jnp.asarray(indices(rows, offset, columns), dtype or default_int())

    return of


OPERATIONS: dict[str, Callable[..., Any]] = {
    "full.default": full,
    "full_like.default": full_like,
    "scalar_tensor.default": lambda value, *, dtype=None: jnp.asarray(
        value, default_float() if dtype is None else dtype
    ),
    "arange.start_step": arange,
    "empty.memory_format": empty,
    "empty_permuted.default": empty,
    "empty_strided.default": empty,
    "tril_indices.default": triangle(np.tril_indices),
    "triu_indices.default": triangle(np.triu_indices),
    "fill.Scalar": full_like,
    "fill.Tensor": copied,
    "copy.default": copied,
    "_to_copy.default": converted,
}
