"""Where a gather reads and a scatter writes."""

from typing import NamedTuple

import numpy as np
from jax.lax import GatherDimensionNumbers

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure


class LookupWindows(NamedTuple):
    """LookupWindows into an array, one for each index.

    Attributes:
      places: of their entries in the flat array, in the shape of what is read or written. The
        window of an index that points outside is moved inside.
      inside: whether the index points inside: [1 or n for each axis of places].
      uncertain: whether rounding may change the index: the same for every reading.
      leaves: whether what it is changed to may point outside: the same.
      axes: of the array, along which rounding may move a window.
    """

    places: Array
    inside: Array
    uncertain: Array
    leaves: Array
    axes: tuple[int, ...]


class Written(NamedTuple):
    """Where a scatter that keeps the largest or smallest has left what is compared later.

    Attributes:
      what: the numbers that were written.
      made: the array that was made.
      index: of the places.
      numbers: which axes are which.
    """

    what: Array
    made: Array
    index: Array
    numbers: GatherDimensionNumbers


def windows(
    analysis: Analysis,
    shape: tuple[int, ...],
    index: Enclosure,
    numbers: GatherDimensionNumbers,
    sizes: tuple[int, ...],
    made: tuple[int, ...],
) -> LookupWindows:
    """Finds the windows of a gather, or of a scatter, whose numbers say the same.

    Args:
      analysis: how.
      shape: of the array.
      index: of integers, [*batch, moved axes].
      numbers: which axes are which.
      sizes: of a window, along each axis of the array.
      made: the shape of all windows together.
    """
    xp, axes = analysis.xp, tuple(numbers.start_index_map)
    starts = xp.asarray(index.value).astype(np.int64)
    last = np.array([shape[axis] - sizes[axis] for axis in axes], np.int64)
    strides = [int(np.prod(shape[axis + 1 :], dtype=int)) for axis in range(len(shape))]
    uncertain = index.error != 0
    leaves = uncertain & ((starts - index.error < 0) | (starts + index.error > last))
    moved = np.array([strides[axis] for axis in axes], np.int64)
    places = (xp.clip(starts, 0, last) * moved).sum(-1)
    for axis, of_batch in zip(
        numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True
    ):
        places = places + strides[axis] * _counted(shape[axis], of_batch, places.ndim)

    offsets = tuple(numbers.offset_dims)
    fixed = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    of_window = [axis for axis in range(len(shape)) if axis not in fixed]
    places = _spread(places, offsets, 0)
    for offset, axis in zip(offsets, of_window, strict=True):
        places = places + strides[axis] * _counted(sizes[axis], offset, len(made))
    inside = ((starts >= 0) & (starts <= last)).all(-1)
    return LookupWindows(
        xp.broadcast_to(places, made),
        _spread(inside, offsets, 0),
        _spread(uncertain.any(-1), offsets, 1),
        _spread(leaves.any(-1), offsets, 1),
        tuple(axis for k, axis in enumerate(axes) if analysis.may_be(uncertain[..., k])),
    )


def _counted(n: int, axis: int, ndim: int) -> np.ndarray:
    return np.arange(n).reshape([n if i == axis else 1 for i in range(ndim)])


def _spread(array: Array, offsets: tuple[int, ...], leading: int) -> Array:
    """Puts axes of 1 where the windows have their own."""
    shape = list(array.shape)
    for offset in offsets:
        shape.insert(leading + offset, 1)
    return array.reshape(shape)


def ends(analysis: Analysis, value: Array, error: Array) -> tuple[Array, Array]:
    """Returns the least and the largest number within an error, rounded outwards."""
    xp = analysis.xp
    low, high = (
        xp.where(error > 0, xp.nextafter(value + sign * error, sign * np.inf), value)
        for sign in (-1, 1)
    )
    return low, high


def covering(analysis: Analysis, value: Array, low: Array, high: Array) -> Array:
    """Returns the error of a value that may be anything from low to high; infinite for NaN."""
    xp = analysis.xp
    below, above = (xp.where(end == value, 0.0, abs(end - value)) for end in (low, high))
    error = xp.maximum(below, above) * (1 + 2.0**-52)  # which is rounded itself
    return xp.where(xp.isnan(error), np.inf, error)


def jumping(analysis: Analysis, value: Array, low: Array, high: Array) -> Array:
    """The same of a value that is one of several: worked out in float64, it may be a wrong one.

    What is computed in float64, too, then is as far off as the largest is from the least.
    """
    error = covering(analysis, value, low, high)
    if analysis.own.dtype != np.float64:
        return error
    return analysis.xp.maximum(error, covering(analysis, low, low, high))


def as_numbers(one: Enclosure) -> Enclosure:
    """Takes false for 0, true for 1, and an uncertain one for 1 off."""
    error = one.error.astype(np.float64).reshape(len(one.error), *one.value.shape)
    return Enclosure(one.value.astype(np.float64), error)
