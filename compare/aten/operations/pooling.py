"""Pooling over the last dimensions. Of equal entries the first has the gradient."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.aten.dtypes import default_int
from compare.aten.operations.windows import Plane, Windows, adaptive, for_each, plane, sliding

Numbers = int | Sequence[int]


def max_pool(rank: int) -> Callable[..., Any]:
    """Returns max pooling over that many dimensions."""

    def pool(
        x: Any,
        kernel: Numbers,
        stride: Numbers = (),
        padding: Numbers = 0,
        dilation: Numbers = 1,
        ceil_mode: bool = False,
    ) -> tuple[Any, Any]:
        """Returns the largest entry of each window, and its index within its plane."""
        windows = _sliding(x, rank, kernel, stride, padding, dilation, ceil_mode)
        index = _index_of_largest(x, plane(x.shape[-rank:], windows))
        if any(one.dilation > 1 for one in windows):  # which JAX has no gradient of
            return _entries_at(x, index, rank), index
        return _reduced(x, windows, for_each(kernel, rank), lax.max, _least(x.dtype)), index

    return pool


def avg_pool(rank: int) -> Callable[..., Any]:
    """Returns average pooling over that many dimensions."""

    def pool(
        x: Any,
        kernel: Numbers,
        stride: Numbers = (),
        padding: Numbers = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        """Returns the sum of each window over the number of its entries."""
        windows = _sliding(x, rank, kernel, stride, padding, 1, ceil_mode)
        whole = _reduced(x, windows, for_each(kernel, rank), lax.add, x.dtype.type(0))
        if divisor_override:
            return (whole / divisor_override).astype(x.dtype)
        edges = for_each(padding if count_include_pad else 0, rank)
        counts = [
            np.minimum(one.starts + one.sizes, n + edge) - np.maximum(one.starts, -edge)
            for one, n, edge in zip(windows, x.shape[-rank:], edges, strict=True)
        ]
        return _divided(whole, counts)

    return pool


def adaptive_avg_pool(x: Any, output_size: Sequence[int]) -> Any:
    """Returns the mean of each of so many windows."""
    places = x.shape[-len(output_size) :]
    windows = [adaptive(n, count) for n, count in zip(places, output_size, strict=True)]
    looked = plane(places, windows)
    whole = jnp.sum(_entries(x, looked, 0), -1).reshape(*x.shape[: -len(places)], *looked.shape)
    return _divided(whole, [one.sizes for one in windows])


def adaptive_max_pool(x: Any, output_size: Sequence[int]) -> tuple[Any, Any]:
    """Returns the largest entry of each of so many windows, and its index within its plane."""
    places = x.shape[-len(output_size) :]
    windows = [adaptive(n, count) for n, count in zip(places, output_size, strict=True)]
    index = _index_of_largest(x, plane(places, windows))
    return _entries_at(x, index, len(places)), index


def _sliding(
    x: Any,
    rank: int,
    kernel: Numbers,
    stride: Numbers,
    padding: Numbers,
    dilation: Numbers,
    ceil_mode: bool,
) -> list[Windows]:
    strides = kernel if stride == () or stride == [] else stride
    told = [for_each(one, rank) for one in (kernel, strides, padding, dilation)]
    return [
        sliding(n, size, step, edge, spread, ceil_mode)
        for n, size, step, edge, spread in zip(x.shape[-rank:], *told, strict=True)
    ]


def _reduced(
    x: Any, windows: Sequence[Windows], kernel: Sequence[int], join: Any, start: Any
) -> Any:
    lead = x.ndim - len(windows)
    strides, edges = [], []
    for n, size, one in zip(x.shape[lead:], kernel, windows, strict=True):
        first, last = int(one.starts[0]), int(one.starts[-1])
        strides.append(int(one.starts[1]) - first if len(one.starts) > 1 else 1)
        edges.append((-first, max(last + one.dilation * (size - 1) + 1 - n, 0)))
    return lax.reduce_window(
        x,
        start,
        join,
        (1,) * lead + tuple(kernel),
        (1,) * lead + tuple(strides),
        [(0, 0)] * lead + edges,
        window_dilation=(1,) * lead + tuple(one.dilation for one in windows),
    )


def _divided(whole: Any, counts: Sequence[np.ndarray]) -> Any:
    grid = np.prod(np.meshgrid(*counts, indexing="ij"), axis=0)
    if np.all(grid == grid.flat[0]):
        return (whole / int(grid.flat[0])).astype(whole.dtype)
    lead = (1,) * (whole.ndim - grid.ndim)
    return (whole / grid.reshape(lead + grid.shape).astype(whole.dtype)).astype(whole.dtype)


def _entries(x: Any, looked: Plane, elsewhere: Any) -> Any:
    """Returns [..., windows, places of a window], and another number beyond a window."""
    flat = x.reshape(*x.shape[: x.ndim - len(looked.shape)], -1)
    inside = looked.is_inside.reshape((1,) * (flat.ndim - 1) + looked.is_inside.shape)
    return jnp.where(inside, flat[..., looked.entries], elsewhere)


def _index_of_largest(x: Any, looked: Plane) -> Any:
    chosen = jnp.argmax(_entries(x, looked, _least(x.dtype)), -1)
    windows, places = looked.entries.shape
    rows = (np.arange(windows) * places).reshape((1,) * (chosen.ndim - 1) + (-1,))
    index = jnp.asarray(looked.entries.reshape(-1), default_int())[chosen + rows]
    return index.reshape(*x.shape[: x.ndim - len(looked.shape)], *looked.shape)


def _entries_at(x: Any, index: Any, rank: int) -> Any:
    """Returns the entries at an index within each plane."""
    lead = x.shape[:-rank]
    found = jnp.take_along_axis(x.reshape(*lead, -1), index.reshape(*lead, -1), -1)
    return found.reshape(index.shape)


def _least(dtype: Any) -> Any:
    is_float = jnp.issubdtype(dtype, jnp.floating)
    return np.asarray(-np.inf if is_float else jnp.iinfo(dtype).min, dtype)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "max_pool2d_with_indices.default": max_pool(2),
    "max_pool3d_with_indices.default": max_pool(3),
    "avg_pool1d.default": avg_pool(1),
    "avg_pool2d.default": avg_pool(2),
    "avg_pool3d.default": avg_pool(3),
    "_adaptive_avg_pool2d.default": adaptive_avg_pool,
    "_adaptive_avg_pool3d.default": adaptive_avg_pool,
    "adaptive_max_pool2d.default": adaptive_max_pool,
    "adaptive_max_pool3d.default": adaptive_max_pool,
}
