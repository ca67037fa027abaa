"""The windows that pooling looks through, worked out before anything is computed."""

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Windows(NamedTuple):
    """Windows of one dimension: the i-th begins at starts[i] and has `sizes[i]` places."""

    starts: np.ndarray
    sizes: np.ndarray
    dilation: int = 1


def sliding(
    n: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> Windows:
    """Returns windows that slide over n places and the padding around them."""
    reach = dilation * (kernel - 1) + 1
    room = n + 2 * padding - reach + (stride - 1 if ceil_mode else 0)
    count = room // stride + 1
    if ceil_mode and (count - 1) * stride >= n + padding:
        count -= 1  # a window begins within the places or before them
    starts = np.arange(count) * stride - padding
    return Windows(starts, np.full(count, kernel), dilation)


def adaptive(n: int, count: int) -> Windows:
    """Returns a number of windows, of nearly equal sizes, that cover n places."""
    i = np.arange(count)
    starts, ends = i * n // count, -(-(i + 1) * n // count)
    return Windows(starts, ends - starts)


class Plane(NamedTuple):
    """Windows of several dimensions as indices into the entries of a plane, in C order."""

    entries: np.ndarray  # [windows, places of the largest window]
    is_inside: np.ndarray  # the same; elsewhere that entry means nothing
    shape: tuple[int, ...]  # of the windows


def plane(sizes: Sequence[int], windows: Sequence[Windows]) -> Plane:
    """Returns the windows of a plane of these sizes."""
    rank = len(sizes)
    index, is_inside = np.zeros((1,) * (2 * rank), int), np.ones((1,) * (2 * rank), bool)
    for axis, (n, one) in enumerate(zip(sizes, windows, strict=True)):
        offsets = np.arange(one.sizes.max(initial=0))
        places = one.starts[:, None] + offsets * one.dilation
        inside = (offsets < one.sizes[:, None]) & (places >= 0) & (places < n)
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = places.shape
        index = index * n + np.where(inside, places, 0).reshape(shape)
        is_inside = is_inside & inside.reshape(shape)
    counts = tuple(len(one.starts) for one in windows)
    flat = (math.prod(counts), -1)
    return Plane(index.reshape(flat), is_inside.reshape(flat), counts)


def for_each(numbers: Any, rank: int) -> tuple[int, ...]:
    """Returns one number for each dimension; one alone counts for all."""
    given = (numbers,) if isinstance(numbers, int) else tuple(numbers)
    return tuple(itertools.islice(itertools.cycle(given), rank))
