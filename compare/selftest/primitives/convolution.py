"""Convolutions of lines of 8 numbers in two channels, with six kernels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jax import lax

from compare.selftest.primitives.base import Array, Primitive

torch_nn = torch.nn.functional


def _kernels(y: Array) -> Array:
    """Returns six kernels [6, 2, 2], the numbers of each of another scale."""
    return y.reshape(6, -1)[:, :4].reshape(6, 2, 2)


def _convolution(
    by_torch: Callable[[Any, Any], Any],
    *,
    stride: int = 1,
    room: int = 0,
    spread: int = 1,
    step: int = 1,
    groups: int = 1,
) -> Primitive:
    """Makes a convolution: with room at both ends, and steps between the entries of either."""

    def by_jax(a: Array, b: Array) -> Array:
        return lax.conv_general_dilated(
            a,
            _kernels(b)[:, : 2 // groups],
            (stride,),
            [(room, room)],
            lhs_dilation=(spread,),
            rhs_dilation=(step,),
            feature_group_count=groups,
        )

    def truth(a: Array, b: Array) -> Array:
        kernels = _kernels(b)[:, : 2 // groups]
        wide = np.zeros((len(a), 2, 7 * spread + 1 + 2 * room), a.dtype)
        wide[:, :, room : wide.shape[2] - room : spread] = a
        windows = np.lib.stride_tricks.sliding_window_view(wide, step + 1, 2)
        windows = windows[:, :, ::stride, ::step]
        each = zip(np.split(windows, groups, 1), np.split(kernels, groups), strict=True)
        return np.concatenate([np.einsum("nclk,ock->nol", *pair) for pair in each], 1)

    return Primitive(
        by_jax,
        truth,
        by_torch=lambda a, b: by_torch(a, _kernels(b)[:, : 2 // groups]),
        shape=(-1, 2, 8),
    )


CONVOLUTION: dict[str, Primitive] = {
    "conv_general_dilated": _convolution(torch_nn.conv1d),
    "conv_general_dilated, in groups": _convolution(
        lambda a, k: torch_nn.conv1d(a, k, stride=2, padding=1, dilation=2, groups=2),
        stride=2,
        room=1,
        step=2,
        groups=2,
    ),
    "conv_general_dilated, transposed": _convolution(
        lambda a, k: torch_nn.conv_transpose1d(a, k.flip(2).transpose(0, 1), stride=2),
        spread=2,
        room=1,
    ),
}
