"""Convolutions in one and two dimensions, pooling, and resizing."""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F  # noqa: N812
from jax import lax

from compare.selftest.everyday.function import Array, Function, distinct, normal, normals

_NCHW = ("NCHW", "OIHW", "NCHW")
_THREE = (0, 1, 2)


def _conv(
    x: Array,
    kernel: Array,
    *,
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
    dilation: int = 1,
) -> Array:
    return lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        [(padding, padding)] * 2,
        rhs_dilation=(dilation, dilation),
        dimension_numbers=_NCHW,
        feature_group_count=groups,
    )


def _max_pool(x: Array, *, size: int, stride: int, padding: int = 0) -> Array:
    sizes, strides, paddings = _windows(size, stride, padding)
    return lax.reduce_window(x, -jnp.inf, lax.max, sizes, strides, paddings)


def _sum_pool(x: Array, *, size: int, stride: int, padding: int = 0) -> Array:
    return lax.reduce_window(x, 0.0, lax.add, *_windows(size, stride, padding))


def _windows(
    size: int, stride: int, padding: int
) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, int]]]:
    last = (padding, padding)
    return (1, 1, size, size), (1, 1, stride, stride), [(0, 0), (0, 0), last, last]


def _conv_relu_max_pool(x: Array, kernel: Array, bias: Array) -> Array:
    hidden = _conv(x, kernel, padding=1) + bias[:, None, None]
    return _max_pool(jax.nn.relu(hidden), size=2, stride=2)


def _torch_conv_relu_max_pool(x: Array, kernel: Array, bias: Array) -> Array:
    return F.max_pool2d(F.relu(F.conv2d(x, kernel, bias, padding=1)), 2)


def _grouped_conv_average_pool(x: Array, kernel: Array) -> Array:
    hidden = _conv(x, kernel, stride=2, padding=1, groups=2)
    return jnp.tanh(_sum_pool(hidden, size=2, stride=2) / 4)


def _torch_grouped_conv_average_pool(x: Array, kernel: Array) -> Array:
    return F.avg_pool2d(F.conv2d(x, kernel, stride=2, padding=1, groups=2), 2).tanh()


def _separable(x: Array, depthwise: Array, pointwise: Array) -> Array:
    return _conv(_conv(x, depthwise, padding=1, groups=x.shape[1]), pointwise)


def _torch_separable(x: Array, depthwise: Array, pointwise: Array) -> Array:
    return F.conv2d(F.conv2d(x, depthwise, padding=1, groups=x.shape[1]), pointwise)


def _transposed(x: Array, kernel: Array) -> Array:
    """The kernel is [in, out, height, width], as in torch."""
    return lax.conv_transpose(
        x, kernel, (2, 2), "VALID", dimension_numbers=_NCHW, transpose_kernel=True
    )


def _causal_1d(x: Array, kernel: Array, bias: Array) -> Array:
    """Dilated; [N, time, channels], as JAX's layers have it."""
    last = (4, 0)
    names = ("NWC", "WIO", "NWC")
    return lax.conv_general_dilated(x, kernel, (1,), [last], (1,), (2,), names) + bias


def _torch_causal_1d(x: Array, kernel: Array, bias: Array) -> Array:
    padded = F.pad(x.transpose(1, 2), (4, 0))
    return F.conv1d(padded, kernel.permute(2, 1, 0), bias, dilation=2).transpose(1, 2)


def _average_pool_padded(x: Array) -> Array:
    ones = jnp.ones_like(x)
    total, count = (_sum_pool(one, size=3, stride=2, padding=1) for one in (x, ones))
    return total / count


def _lp_pool(x: Array) -> Array:
    return jnp.sqrt(_sum_pool(x * x, size=2, stride=2))


CONVOLUTIONS = (
    Function(
        "conv_relu_max_pool",
        _conv_relu_max_pool,
        lambda rng: (
            normal(rng, 2, 3, 8, 8),
            normal(rng, 6, 3, 3, 3, scale=0.3),
            normal(rng, 6),
        ),
        _THREE,
        _torch_conv_relu_max_pool,
    ),
    Function(
        "grouped_conv_average_pool",
        _grouped_conv_average_pool,
        lambda rng: (normal(rng, 2, 4, 9, 9), normal(rng, 6, 2, 3, 3, scale=0.3)),
        (0, 1),
        _torch_grouped_conv_average_pool,
    ),
    Function(
        "dilated_conv",
        lambda x, kernel: _conv(x, kernel, dilation=2),
        lambda rng: (normal(rng, 2, 4, 8, 8), normal(rng, 5, 4, 3, 3, scale=0.3)),
        (0, 1),
        lambda x, kernel: F.conv2d(x, kernel, dilation=2),
    ),
    Function(
        "separable_conv",
        _separable,
        lambda rng: (
            normal(rng, 2, 4, 6, 6),
            normal(rng, 8, 1, 3, 3, scale=0.3),
            normal(rng, 5, 8, 1, 1, scale=0.3),
        ),
        _THREE,
        _torch_separable,
        is_layer=False,
    ),
    Function(
        "transposed_conv",
        _transposed,
        lambda rng: (normal(rng, 2, 4, 5, 5), normal(rng, 4, 3, 3, 3, scale=0.3)),
        (0, 1),
        lambda x, kernel: F.conv_transpose2d(x, kernel, stride=2),
    ),
    Function(
        "causal_conv_1d",
        _causal_1d,
        lambda rng: (normal(rng, 2, 12, 4), normal(rng, 3, 4, 6, scale=0.3), normal(rng, 6)),
        _THREE,
        _torch_causal_1d,
    ),
    Function(
        "max_pool_padded",
        lambda x: _max_pool(x, size=3, stride=2, padding=1),
        lambda rng: (distinct(rng, 1, 2, 7, 7),),
        by_torch=lambda x: F.max_pool2d(x, 3, 2, 1),
    ),
    Function(
        "average_pool_padded",
        _average_pool_padded,
        normals((2, 3, 7, 7)),
        by_torch=lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    ),
    Function("lp_pool", _lp_pool, normals((2, 3, 6, 6)), by_torch=lambda x: F.lp_pool2d(x, 2, 2)),
    Function(
        "global_average_pool",
        lambda x: jnp.mean(x, axis=(2, 3)),
        normals((2, 3, 6, 6)),
        by_torch=lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
    ),
    Function(
        "resized",
        lambda x: jax.image.resize(x, (1, 9, 9, 2), "bilinear"),
        normals((1, 5, 5, 2)),
        by_torch=lambda x: torch.movedim(
            F.interpolate(torch.movedim(x, 3, 1), (9, 9), mode="bilinear"), 1, 3
        ),
    ),
)
