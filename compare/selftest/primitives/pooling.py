"""Windows of 2 by 3 in blocks of 4 by 8 numbers, which overlap."""

from typing import Any

import jax
import numpy as np
import torch
from jax import lax

from compare.selftest.primitives.base import Array, Primitive

torch_nn = torch.nn.functional


def _pooled(name: str, first: float | None, sign: int = 1) -> Primitive:
    """Makes sums, or extremes, of windows that overlap, with padding if they start with a constant.

    Args:
      name: of the function in lax.
      first: what a window starts with; None for a number of the second array, without padding.
      sign: of the numbers of which torch takes the largest; it adds them up itself.
    """
    room = 0 if first is None else 1
    function = {"add": np.add, "max": np.maximum, "min": np.minimum}[name]

    def begins(b: Array) -> Array:
        return b.reshape(-1)[b.size // 2] if first is None else np.asarray(first, b.dtype)

    def by_jax(a: Array, b: Array) -> Array:
        padding = [(0, 0), (0, 0), (room, room)]
        reduce = getattr(lax, name)
        return lax.reduce_window(a, begins(b), reduce, (1, 2, 3), (1, 2, 1), padding)

    def truth(a: Array, b: Array) -> Array:
        padding = [(0, 0), (0, 0), (room, room)]
        padded = np.pad(a, padding, constant_values=0 if first is None else first)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (2, 3), (1, 2))[:, ::2]
        return function(function.reduce(windows, axis=(-2, -1)), begins(b))

    def by_torch(a: Any, b: Any) -> Any:
        if name == "add":
            padded = torch_nn.pad(a, (room, room))
            return padded.unfold(2, 3, 1).unfold(1, 2, 2).sum((-1, -2))
        return sign * torch_nn.max_pool2d(sign * a, (2, 3), stride=(2, 1), padding=(0, room))

    return Primitive(
        by_jax,
        truth,
        by_torch=by_torch if first is not None else None,
        shape=(-1, 4, 8),
        numbers=3,
    )


def _largest(a: Array) -> Array:
    """Returns [N, 2, 3], the largest of windows that overlap by one column."""
    first = np.asarray(-np.inf, a.dtype)
    return lax.reduce_window(a, first, lax.max, (1, 2, 3), (1, 2, 2), "VALID")


def _slope(a: Array, b: Array) -> Array:
    _, pull = jax.vjp(_largest, a)
    return pull(b[:, :2, :3])[0]


def _torch_slope(a: Any, b: Any) -> Any:
    a = a.detach().requires_grad_()
    largest = torch_nn.max_pool2d(a, (2, 3), stride=(2, 2))
    return torch.autograd.grad(largest, a, b[:, :2, :3])[0]


def _true_slope(a: Array, b: Array) -> Array:
    made, block = np.zeros_like(a), np.arange(len(a))
    for row, column in np.ndindex(2, 3):
        window = a[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 3]
        places = np.unravel_index(window.reshape(len(a), 6).argmax(1), (2, 3))
        made[block, 2 * row + places[0], 2 * column + places[1]] += b[:, row, column]
    return made


def _true_tangents(a: Array, b: Array) -> Array:
    windows = [
        np.lib.stride_tricks.sliding_window_view(one, (2, 3), (1, 2))[:, ::2, ::2] for one in (a, b)
    ]
    entries, tangents = (one.reshape(*one.shape[:3], 6) for one in windows)
    return np.take_along_axis(tangents, entries.argmax(-1)[..., None], -1)[..., 0]


POOLING: dict[str, Primitive] = {
    "reduce_window_sum": _pooled("add", 0.0),
    "reduce_window_max": _pooled("max", -np.inf),
    "reduce_window_min": _pooled("min", np.inf, sign=-1),
    "reduce_window": _pooled("add", None),
    "reduce_window, the larger": _pooled("max", None),
    "select_and_scatter_add": Primitive(
        _slope, _true_slope, by_torch=_torch_slope, shape=(-1, 4, 8)
    ),
    "select_and_gather_add": Primitive(
        lambda a, b: jax.jvp(_largest, (a,), (b,))[1],
        _true_tangents,
        shape=(-1, 4, 8),
        numbers=6,
    ),
}
