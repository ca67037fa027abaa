"""Images of another size, and images at points between their pixels."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.aten.operations.axes import along, broadcast_axis


def upsample_nearest(
    x: Any, output_size: Sequence[int] | None, scales: Sequence[float] | None
) -> Any:
    """Returns x [n, channels, *places] with each new place's nearest entry, rounded down."""
    for axis, (size, step) in enumerate(_grid(x, output_size, scales), start=2):
        places = np.floor(np.arange(size, dtype=np.float32) * np.float32(step)).astype(int)
        x = x[along(x, axis, np.minimum(places, x.shape[axis] - 1))]
    return x


def upsample_linear(
    x: Any,
    output_size: Sequence[int] | None,
    align_corners: bool,
    scales: Sequence[float] | None,
) -> Any:
    """Returns x [n, channels, *places] with entries between two old ones by their distances.

    Args:
      x: an array.
      output_size: of places; None if scales are told.
      align_corners: whether first and last places are the old ones, else their outer edges are.
      scales: by which the size grows; None if it is told.
    """
    for axis, (size, step) in enumerate(_grid(x, output_size, scales), start=2):
        n = x.shape[axis]
        if align_corners:
            step, shift = (n - 1) / (size - 1) if size > 1 else 0.0, 0.0
        else:
            shift = 0.5
        exact = np.clip((np.arange(size) + shift) * step - shift, 0, n - 1)
        before = np.floor(exact).astype(int)
        place = (jnp.arange(size, dtype=x.dtype) + shift) * step - shift
        share = jnp.clip(place, 0, n - 1) - before.astype(x.dtype)
        share = broadcast_axis(x, axis, share)
        after = np.minimum(before + 1, n - 1)
        x = (1 - share) * x[along(x, axis, before)] + share * x[along(x, axis, after)]
    return x


def _grid(
    x: Any, output_size: Sequence[int] | None, scales: Sequence[float] | None
) -> list[tuple[int, float]]:
    """Returns for each dimension of places its new size, and how many old ones a new one is."""
    places = x.shape[2:]
    if scales is not None:
        return [(int(n * scale), 1 / scale) for n, scale in zip(places, scales, strict=True)]
    assert output_size is not None
    return [(size, n / size) for n, size in zip(places, output_size, strict=True)]


_BILINEAR, _NEAREST = 0, 1
_ZEROS, _BORDER = 0, 1


def grid_sample(
    x: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    """Returns x at points of a grid, between pixels by their distances.

    Args:
      x: [n, channels, *places].
      grid: [n, *points, rank]; from -1 to 1, the last dimension of places first.
      interpolation_mode: 0 between pixels, 1 of the nearest one.
      padding_mode: beyond the edge 0 is 0, 1 the entry of the edge.
      align_corners: whether -1 and 1 are the first and last places, else their outer edges.
    """
    if interpolation_mode not in (_BILINEAR, _NEAREST) or padding_mode not in (_ZEROS, _BORDER):
        raise NotImplementedError("grid_sample that is bicubic, or reflects at edges")
    places = x.shape[2:]
    points = []
    for axis, n in enumerate(places):
        point = grid[..., len(places) - 1 - axis]
        point = (point + 1) / 2 * (n - 1) if align_corners else ((point + 1) * n - 1) / 2
        if padding_mode == _BORDER:
            point = jnp.where(point <= 0, 0, jnp.where(point >= n - 1, n - 1, point))
        points.append(point)
    if interpolation_mode == _NEAREST:
        return _pixels(x, [jnp.round(point).astype(jnp.int32) for point in points])
    before = [jnp.floor(point) for point in points]
    total: Any = 0
    for corner in np.ndindex(*(2,) * len(places)):
        share: Any = 1
        for point, first, step in zip(points, before, corner, strict=True):
            share = share * (point - first if step else first + 1 - point)
        at = [first.astype(jnp.int32) + step for first, step in zip(before, corner, strict=True)]
        total = total + _pixels(x, at) * jnp.expand_dims(share, 1)
    return total


def _pixels(x: Any, at: Sequence[Any]) -> Any:
    """Returns [n, channels, *points], and 0 beyond the edge."""
    inside: Any = True
    index = []
    for n, place in zip(x.shape[2:], at, strict=True):
        inside = inside & (place >= 0) & (place <= n - 1)
        index.append(jnp.clip(place, 0, n - 1))
    samples = np.arange(x.shape[0]).reshape(-1, *(1,) * (at[0].ndim - 1))
    found = x[(samples, slice(None), *index)]  # [n, *points, channels]
    return jnp.where(jnp.expand_dims(inside, 1), jnp.moveaxis(found, -1, 1), 0)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "upsample_nearest2d.vec": upsample_nearest,
    "upsample_bilinear2d.vec": upsample_linear,
    "grid_sampler_2d.default": grid_sample,
    "grid_sampler_3d.default": grid_sample,
}
