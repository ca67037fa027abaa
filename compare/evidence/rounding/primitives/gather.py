"""Entries that are looked up."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.lax import GatherDimensionNumbers, GatherScatterMode

from compare.evidence.rounding.enclosure import (
    Analysis,
    Array,
    Enclosure,
    Winners,
    is_bool,
    is_float,
)
from compare.evidence.rounding.primitives.index import bound_to
from compare.evidence.rounding.primitives.lookup_windows import (
    LookupWindows,
    Written,
    as_numbers,
    ends,
    jumping,
    windows,
)
from compare.evidence.rounding.primitives.row import rows


def gather(analysis: Analysis, eqn: Any, a: Enclosure, index: Enclosure) -> Enclosure:
    """Reads entries, with their errors.

    Where rounding may change an index, it may read any entry along the axes that it counts in. An
    index that points outside reads the filler or, as XLA has it, the nearest window inside, even if
    it was promised not to.
    """
    xp, params, dtype = analysis.xp, eqn.params, eqn.outvars[0].aval.dtype
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    found = windows(analysis, a.value.shape, index, numbers, sizes, eqn.outvars[0].aval.shape)
    value = _taken(analysis, a.value, found.places)
    error = analysis.each(lambda error: _taken(analysis, error, found.places), a.error)
    fills = params["mode"] == GatherScatterMode.FILL_OR_DROP
    filler = _filler(analysis, params.get("fill_value"), dtype) if fills else None
    if filler is not None and analysis.may_be(~found.inside):
        value = xp.where(found.inside, value, filler.value)
        error = analysis.each(
            lambda e, of_filler: xp.where(found.inside, e, of_filler), error, filler.error
        )
    if value.size and analysis.may_be(found.uncertain):
        reach = _anywhere(analysis, a, value, found, filler)
        error = xp.where(found.uncertain, reach != 0 if is_bool(dtype) else reach, error)
    winners = _of_what_was_written(a, index, numbers)
    return Enclosure(value, error, a.terms, a.flushed and filler is None, winners=winners)


def _of_what_was_written(
    a: Enclosure, index: Enclosure, numbers: GatherDimensionNumbers
) -> Winners | None:
    """Says of a lookup where a scatter has written which numbers it was that it has kept."""
    found = None if a.winners is None else a.winners.of
    if a.winners is None or not isinstance(found, Written):
        return None
    is_same = found.made is a.value and found.index is index.value and found.numbers == numbers
    return Winners(found.what, a.winners.uncertain) if is_same else None


def _taken(analysis: Analysis, array: Array, places: Array) -> Array:
    return analysis.xp.asarray(array).reshape(-1)[places]


def _filler(analysis: Analysis, number: Any, dtype: Any) -> Enclosure:
    """Returns what stands for an entry outside; that of JAX is NaN, or as far off as can be."""
    if number is None and is_float(dtype):
        number = np.nan
    elif number is None:
        number = True if is_bool(dtype) else _end(dtype)
    return analysis.constant(np.asarray(number, dtype))


def _end(dtype: Any) -> int:
    info = jnp.iinfo(dtype)
    return int(info.min or info.max)


def _anywhere(
    analysis: Analysis, a: Enclosure, value: Array, found: LookupWindows, filler: Enclosure | None
) -> Array:
    """Returns the error of a lookup that may read any entry along its axes."""
    xp, a, value = analysis.xp, as_numbers(a), value.astype(np.float64)
    filler = None if filler is None else as_numbers(filler)

    def reach(error: Array, leaves: Array, *of_filler: Array) -> Array:
        low, high = (
            _taken(analysis, end, found.places)
            for end in _extremes(analysis, a.value, error, found.axes)
        )
        if filler is not None:
            least, most = ends(analysis, filler.value, of_filler[0])
            low = xp.where(leaves, xp.minimum(low, least), low)
            high = xp.where(leaves, xp.maximum(high, most), high)
        return jumping(analysis, value, low, high)

    errors = () if filler is None else (filler.error,)
    return analysis.each(reach, a.error, found.leaves, *errors)


def _extremes(analysis: Analysis, value: Array, error: Array, axes: tuple[int, ...]) -> list[Array]:
    """Returns the least and the largest of all entries along some axes, in place of each."""
    low, high = ends(analysis, value, error)
    found = low.min(axes, keepdims=True), high.max(axes, keepdims=True)
    return [analysis.xp.broadcast_to(end, value.shape) for end in found]


def dynamic_slice(analysis: Analysis, eqn: Any, a: Enclosure, *starts: Enclosure) -> Enclosure:
    """Reads one window, which is moved inside if it starts too early or too late."""
    xp, sizes = analysis.xp, eqn.params["slice_sizes"]

    def cut(array: Array) -> Array:
        if xp is not np:
            return bound_to(eqn, array, *(one.value for one in starts))
        lows = (
            int(np.clip(one.value, 0, n - size))
            for one, n, size in zip(starts, array.shape, sizes, strict=True)
        )
        return array[tuple(slice(low, low + size) for low, size in zip(lows, sizes, strict=True))]

    value, error = cut(a.value), analysis.each(cut, a.error)
    uncertain = any_uncertain(analysis, starts)
    if not value.size or not analysis.may_be(uncertain):
        return Enclosure(value, error, a.terms, a.flushed)
    axes = tuple(i for i, size in enumerate(sizes) if size < a.value.shape[i])
    wide, around = as_numbers(a), value.astype(np.float64)

    def reach(error: Array) -> Array:
        low, high = map(cut, _extremes(analysis, wide.value, error, axes))
        return jumping(analysis, around, low, high)

    anywhere = analysis.each(reach, wide.error)
    anywhere = anywhere != 0 if is_bool(error.dtype) else anywhere
    where = uncertain.reshape((-1, *(1,) * value.ndim))
    return Enclosure(value, xp.where(where, anywhere, error), a.terms, a.flushed)


def any_uncertain(analysis: Analysis, starts: tuple[Enclosure, ...]) -> Array:
    """Returns whether rounding may change one of some integers: for every reading."""
    uncertain = analysis.no_error((), bool)
    for one in starts:
        uncertain = uncertain | (one.error != 0)
    return uncertain


ROWS = rows("index", {"gather": gather, "dynamic_slice": dynamic_slice})
