"""Convolutions of every layout, stride, padding, dilation and grouping.

All of them become one form: images [groups, batch, *size, channels] that have been dilated and
padded, and kernels [groups, *size, channels, features].
"""

import functools
import math
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.linear import blocks, products_summed
from compare.evidence.rounding.primitives.padding import padded
from compare.evidence.rounding.primitives.row import rows


def conv_general_dilated(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """Each entry is a dot product of a window and a kernel, and is bounded like one.

    A product with the padding, or with what dilation puts between entries, is an exact 0 and no
    term. The bound does not hold for a library that computes a convolution by transforms, as cuDNN
    and oneDNN may by Winograd's and cuDNN by FFT: these add and subtract entries of a tile or an
    image before they multiply, so that the error is relative to the largest of them and not to the
    terms of the sum. In float32, of normal numbers, Winograd's 4 by 4 tiles were within the bound,
    but up to 16 typical errors off; beside outliers of 1e4 they were off by 88 bounds, FFT by 10.
    """
    params, xp = eqn.params, analysis.xp
    images, kernels = (
        Enclosure(layout(one.value), analysis.each(layout, one.error))
        for one, layout in (
            (a, functools.partial(_images, xp, params)),
            (b, functools.partial(_kernels, params)),
        )
    )
    if len(images.value) > 1:
        images = _not_apart(analysis, images)
    convolve = _convolved if xp is np else _convolved_by_jax
    made = products_summed(
        analysis,
        eqn,
        functools.partial(convolve, params["window_strides"], params["rhs_dilation"]),
        images,
        kernels,
        terms=_terms(params, a.value.shape, b.value.shape),
        parts=functools.partial(_parts, params["rhs_dilation"]),
    )
    layout = functools.partial(_features, params)
    return Enclosure(layout(made.value), analysis.each(layout, made.error), terms=made.terms)


# ---- to one form, and back ----


def _images(xp: Any, params: Any, array: Array) -> Array:
    """Returns the left operand, in which any of its axes may be the batch, as [G, N, *size, C]."""
    by_batch, by_feature = params["batch_group_count"], params["feature_group_count"]
    array = array.transpose(params["dimension_numbers"].lhs_spec)
    n, channels, *size = array.shape
    if by_batch > 1:
        array = array.reshape(by_batch, n // by_batch, channels, *size)
    else:
        array = array.reshape(n, by_feature, channels // by_feature, *size).swapaxes(0, 1)
    room = [
        (low, high, spread - 1)
        for (low, high), spread in zip(params["padding"], params["lhs_dilation"], strict=True)
    ]
    none = (0, 0, 0)
    return padded(xp, xp.moveaxis(array, 2, -1), 0.0, [none, none, *room, none])


def _kernels(params: Any, array: Array) -> Array:
    """Returns the right operand as [G, *size, C, O]."""
    array = array.transpose(params["dimension_numbers"].rhs_spec)
    groups = params["batch_group_count"] * params["feature_group_count"]
    features, *others = array.shape
    array = array.reshape(groups, features // groups, *others)
    return array.transpose(0, *range(3, array.ndim), 2, 1)


def _features(params: Any, array: Array) -> Array:
    """Returns [G, N, *size, O] with the axes that the result has; groups become features."""
    groups, n, *size, features = array.shape
    array = array.transpose(1, 0, array.ndim - 1, *range(2, array.ndim - 1))
    array = array.reshape(n, groups * features, *size)
    return array.transpose(np.argsort(params["dimension_numbers"].out_spec))


def _not_apart(analysis: Analysis, images: Enclosure) -> Enclosure:
    """Says of what is in the place of infinity or NaN, in another group, that it is unknown.

    XLA may multiply all channels with a kernel that is 0 in other groups.
    """
    lost = ~(analysis.xp.isfinite(images.value) & analysis.xp.isfinite(images.error))
    if not analysis.may_be(lost):
        return images
    lost = lost.any((1, -1), keepdims=True)  # in any group and channel
    return Enclosure(images.value, analysis.xp.where(lost, np.inf, images.error))


# ---- the sum ----


def _convolved(
    strides: tuple[int, ...], dilation: tuple[int, ...], images: Array, kernels: Array
) -> Array:
    """Convolves by one matrix product for each place in the kernel, or in the result if it is less.

    So a small kernel never makes a copy of every window, and neither does the gradient of its
    weights, whose kernel is as large as an image.
    """
    groups, n, *_, channels = images.shape
    inside, features = kernels.shape[1:-2], kernels.shape[-1]
    outside = _places(images.shape[2:-1], inside, strides, dilation)
    made = np.zeros((groups, n, *outside, features), np.result_type(images, kernels))

    def cut(place: tuple[int, ...], steps: Any, counts: Any, between: Any) -> Array:
        window = (
            slice(i * step, i * step + max((count - 1) * t + 1, 0), t)
            for i, step, count, t in zip(place, steps, counts, between, strict=True)
        )
        return images[(slice(None), slice(None), *window)]

    taps, results = (math.prod(sizes) for sizes in (inside, outside))
    if taps <= results:
        for place in np.ndindex(*inside):
            part = cut(place, dilation, outside, strides)
            part = part.reshape(groups, n * results, channels)
            made += (part @ kernels[(slice(None), *place)]).reshape(made.shape)
        return made
    flat = kernels.reshape(groups, taps * channels, features)
    for place in np.ndindex(*outside):
        part = cut(place, strides, inside, dilation)
        part = part.reshape(groups, n, taps * channels)
        made[(slice(None), slice(None), *place)] = part @ flat
    return made


def _convolved_by_jax(
    strides: tuple[int, ...], dilation: tuple[int, ...], images: Array, kernels: Array
) -> Array:
    last = images.ndim - 2  # of one group
    inner = tuple(range(1, last))
    convolve = functools.partial(
        lax.conv_general_dilated,
        window_strides=strides,
        padding=[(0, 0)] * len(inner),
        rhs_dilation=dilation,
        dimension_numbers=lax.ConvDimensionNumbers(
            (0, last, *inner), (last, last - 1, *range(last - 1)), (0, last, *inner)
        ),
        precision=lax.Precision.HIGHEST,
    )
    return jax.vmap(convolve)(images, kernels)


def _places(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...]:
    """Returns the size of the result: how often a kernel fits."""
    return tuple(
        max((n - (m - 1) * d - 1) // step + 1, 0)
        for n, m, step, d in zip(size, kernel, strides, dilation, strict=True)
    )


def _parts(
    dilation: tuple[int, ...], images: Array, kernels: Array
) -> Iterator[tuple[float, Array, Array]]:
    """Cuts the sum apart by channels, and then by rows of the kernel.

    For a gradient of weights these are the images of the batch, and the rows of each.
    """
    *size, channels, _ = kernels.shape[1:]
    for share, (channel, *taps) in blocks([channels, *size]):
        seen = (
            slice(tap.start * d, n - (m - tap.stop) * d)
            for tap, d, n, m in zip(taps, dilation, images.shape[2:-1], size, strict=True)
        )
        all_ = slice(None)
        yield share, images[(all_, all_, *seen, channel)], kernels[(all_, *taps, channel)]


def _terms(params: Any, shape_a: tuple[int, ...], shape_b: tuple[int, ...]) -> int:
    """Returns how many products of two entries a sum has at most."""
    spec = params["dimension_numbers"]
    terms = shape_b[spec.rhs_spec[1]]
    for axis, (low, high) in enumerate(params["padding"]):
        ones = np.ones(shape_a[spec.lhs_spec[2 + axis]], int)
        line = padded(np, ones, 0, [(low, high, params["lhs_dilation"][axis] - 1)])
        reach = (shape_b[spec.rhs_spec[2 + axis]] - 1) * params["rhs_dilation"][axis] + 1
        if not 0 < reach <= len(line):
            return 0
        windows = np.lib.stride_tricks.sliding_window_view(line, reach)
        starts, taps = params["window_strides"][axis], params["rhs_dilation"][axis]
        terms *= int(windows[::starts, ::taps].sum(-1).max())
    return terms


ROWS = rows("linear", {"conv_general_dilated": conv_general_dilated})
