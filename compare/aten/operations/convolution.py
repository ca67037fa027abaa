"""Convolutions, in torch's layout: samples, channels, places."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from compare.aten.operations.axes import broadcast_axis
from compare.aten.operations.windows import for_each


def convolution(
    x: Any,
    w: Any,
    b: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Any:
    """Returns the convolution, or the transposed one.

    Args:
      x: [n, c_in, *places].
      w: [c_out, c_in / groups, *kernel]; if transposed, [c_in, c_out / groups, *kernel].
      b: [c_out], or None.
      stride: along each dimension of places, as the others; one number counts for all.
      padding: on both sides.
      dilation: of the kernel.
      transposed: whether it is the transpose of a convolution with that stride.
      output_padding: beyond the last place, if transposed.
      groups: into which channels are split.
    """
    rank = x.ndim - 2
    stride, padding, dilation, beyond = (
        for_each(one, rank) for one in (stride, padding, dilation, output_padding)
    )
    if transposed:
        w = _turned(w, groups)
        reach = [d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=True)]
        edges = [(r - p, r - p + o) for r, p, o in zip(reach, padding, beyond, strict=True)]
        strides, spread = (1,) * rank, stride
    else:
        edges = [(p, p) for p in padding]
        strides, spread = stride, (1,) * rank
    y = lax.conv_general_dilated(x, w, strides, edges, spread, dilation, feature_group_count=groups)
    return y if b is None else y + broadcast_axis(y, 1, b)


def _turned(w: Any, groups: int) -> Any:
    """Returns the kernel [c_out, c_in / groups, *kernel] of the convolution that transposes w's."""
    c_in, c_out, *kernel = w.shape
    parts = w.reshape(groups, c_in // groups, c_out, *kernel).swapaxes(1, 2)
    whole = parts.reshape(groups * c_out, c_in // groups, *kernel)
    return jnp.flip(whole, range(2, whole.ndim))


def time_first_convolution(x: Any, w: Any, b: Any, padding: int = 0) -> Any:
    """Returns the same of x [time, n, c_in] by w [kernel, c_in, c_out]."""
    y = convolution(
        jnp.transpose(x, (1, 2, 0)),
        jnp.transpose(w, (2, 1, 0)),
        b,
        *((1,), (padding,), (1,), False, (0,), 1),
    )
    return jnp.transpose(y, (2, 0, 1))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "convolution.default": convolution,
    "conv_tbc.default": time_first_convolution,
}
