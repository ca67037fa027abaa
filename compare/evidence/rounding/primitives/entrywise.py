"""Large arrays, whose entries are worked out one by one, in tiles that fit into a cache."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.primitives.elementwise import add, div, mul, sub
from compare.evidence.rounding.primitives.linear import dot_general
from compare.evidence.rounding.primitives.row import Row
from compare.evidence.rounding.tiles import Tile, is_one_tile, tiles

_ENTRYWISE = (add, sub, mul, div)  # not all that users call elementwise is worked out like that
Parts = Callable[[Tile], Sequence[Enclosure]]


def is_large(analysis: Analysis, shape: Sequence[int], operands: Sequence[Enclosure]) -> bool:
    """Whether a result in NumPy fills several tiles, and is an exponential of nothing."""
    if analysis.xp is not np or is_one_tile(shape):
        return False
    return all(one.exponent is None for one in operands)


def parts_of(eqn: Any, row: Row, operands: Sequence[Enclosure]) -> Parts | None:
    """Returns what makes of a tile of the result the operands that it is made of.

    It is None unless every entry is made of one entry of each operand, as a product of columns and
    rows is too.
    """
    if row.rule in _ENTRYWISE:
        return lambda tile: [_cut(one, range(one.value.ndim), tile) for one in operands]
    if row.rule is not dot_general:
        return None
    (of_a, of_b), (batch_a, batch_b) = eqn.params["dimension_numbers"]
    a, b = operands
    if math.prod(a.value.shape[axis] for axis in of_a) != 1:
        return None
    free_a = [i for i in range(a.value.ndim) if i not in (*of_a, *batch_a)]
    free_b = [i for i in range(b.value.ndim) if i not in (*of_b, *batch_b)]
    axes_a, axes_b = (*batch_a, *free_a), (*batch_b, *[None] * len(free_a), *free_b)
    return lambda tile: [_cut(a, axes_a, tile), _cut(b, axes_b, tile)]


def in_tiles(shape: Sequence[int], function: Callable[[Tile], Enclosure]) -> Enclosure:
    """Returns an array whose tiles a function makes."""
    value = error = np.zeros(())
    for tile in tiles(shape):
        made = function(tile)
        if not value.ndim:
            value = np.empty(shape, made.value.dtype)
            error = np.empty((len(made.error), *shape), made.error.dtype)
        value[tile] = made.value
        error[(slice(None), *tile)] = made.error
    return dataclasses.replace(made, value=value, error=error)


def _cut(one: Enclosure, axes: Sequence[int | None], tile: Tile) -> Enclosure:
    """Cuts an operand, given its axis that each of the result is, if it has that and repeats none.

    A lone number stays what it is.
    """
    if not one.value.ndim:
        return one
    at = [slice(None)] * one.value.ndim
    for axis, part in zip(axes, tile, strict=False):
        if axis is not None and one.value.shape[axis] > 1:
            at[axis] = part
    return dataclasses.replace(one, value=one.value[tuple(at)], error=one.error[(slice(None), *at)])
