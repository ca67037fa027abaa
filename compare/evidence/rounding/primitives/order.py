"""Sorting, and the places of the largest entries: where rounding may put others in their place.

Each entry lies between low = a - e and high = a + e. Sorted, the k-th smallest number lies between
the k-th smallest of all low and that of all high. Which entry it is depends on more: in the sorted
sequence of all low and high, an entry is open between its own two. Where none is open, those before
come first for certain. This cuts the result into stretches, and what is moved along with the
numbers may come from anywhere in its stretch.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.primitives.extremes import as_floats, distance, limits
from compare.evidence.rounding.primitives.row import rows


class _Key(NamedTuple):
    """Numbers to sort by, with NaN as the last."""

    value: Array
    low: Array  # [readings, *shape of value]
    high: Array


class _Stretches(NamedTuple):
    """Where the entries of a result may come from, along an axis of it."""

    order: Array  # [*shape]: the places that entries come from if nothing is rounded
    first: Array  # [readings, *shape]: the first and the last place of its stretch
    last: Array


def sort(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
    """Sorts by the first operands, and moves the others along; equal ones stay in order."""
    axis, n_keys = eqn.params["dimension"], eqn.params["num_keys"]
    keys = [_key(analysis, one) for one in args[:n_keys]]
    found = _stretches(analysis, keys, axis, is_stable=eqn.params["is_stable"])
    made = [_moved(analysis, one, found, axis) for one in args]
    return [_ranked(analysis, eqn.outvars[0].aval.dtype, keys[0], made[0], found, axis), *made[1:]]


def top_k(analysis: Analysis, eqn: Any, a: Enclosure) -> list[Enclosure]:
    """The first k, sorted from the largest down.

    Libraries place NaN, and zeros of two signs, in different ways: nothing is known of the result
    where there is, or may be, NaN; and which zero comes first is uncertain.
    """
    xp, axis, key = analysis.xp, eqn.params["axis"], _turned(_key(analysis, a))
    if is_float(a.value.dtype):
        least, is_zero = np.finfo(np.float64).smallest_subnormal, key.value == 0
        low = xp.where(is_zero, xp.minimum(key.low, -least), key.low)
        key = _Key(key.value, low, xp.where(is_zero, xp.maximum(key.high, least), key.high))
    found = _stretches(analysis, [key], axis, is_stable=True)
    numbers = analysis.exact(_counted(analysis, a.value.shape, axis))
    ranked = _ranked(
        analysis, eqn.outvars[0].aval.dtype, key, _moved(analysis, a, found, axis), found, axis
    )
    places = _moved(analysis, numbers, found, axis)
    furthest = xp.maximum(places.value, a.value.shape[axis] - 1 - places.value)
    hides = (~xp.isfinite(a.error) | (a.value != a.value)).any(axis + 1, keepdims=True)
    made = [
        (ranked.value, xp.where(hides, np.inf, ranked.error)),
        (
            places.value.astype(eqn.outvars[1].aval.dtype),
            xp.where(hides, furthest.astype(np.float64), places.error),
        ),
    ]
    n = eqn.params["k"]
    return [
        Enclosure(_firsts(value, axis, n), _firsts(error, axis + 1, n)) for value, error in made
    ]


def _turned(key: _Key) -> _Key:
    """Returns numbers that are sorted the other way round: -a, and of integers -a - 1."""
    if is_float(key.value.dtype):
        return _Key(-key.value, -key.high, -key.low)
    if is_float(key.low.dtype):
        return _Key(~key.value, -key.high - 1, -key.low - 1)
    return _Key(~key.value, ~key.high, ~key.low)


def _firsts(array: Array, axis: int, n: int) -> Array:
    return array[(slice(None),) * axis + (slice(n),)]


def _counted(analysis: Analysis, shape: tuple[int, ...], axis: int) -> Array:
    """Returns the place of each entry along an axis."""
    along = [-1 if number == axis else 1 for number in range(len(shape))]
    return analysis.xp.broadcast_to(analysis.xp.arange(shape[axis]).reshape(along), shape)


def _key(analysis: Analysis, one: Enclosure) -> _Key:
    """Returns numbers with their limits; what may be anything may be NaN too."""
    xp, value, error = analysis.xp, one.value, one.error
    if value.dtype == bool:
        value = value.astype(np.int8)
    if not analysis.may_be(error != 0):
        same = xp.broadcast_to(value, error.shape)
        return _Key(value, same, same)
    return _Key(value, *limits(xp, *as_floats(analysis, one)))


def _stretches(
    analysis: Analysis, keys: Sequence[_Key], axis: int, *, is_stable: bool
) -> _Stretches:
    """Sorts by several keys, of which later ones decide where earlier ones are equal.

    Of two entries one is certain to come first if its `high` come before the `low` of the other:
    the first of them that differ, or else, if the order is stable, its place.
    """
    xp, shape = analysis.xp, keys[0].value.shape
    n, places = shape[axis], _counted(analysis, shape, axis)
    order = xp.lexsort([key.value for key in reversed(keys)], axis=axis)
    if is_stable and not any(analysis.may_be(key.low != key.high) for key in keys):
        return _Stretches(order, *[xp.broadcast_to(places, keys[0].low.shape)] * 2)
    ties = [xp.concatenate([places, places], axis)] if is_stable else []

    def cut(*ends: Array) -> Array:
        pairs = zip(ends[: len(keys)], ends[len(keys) :], strict=True)
        joined = [xp.concatenate(pair, axis) for pair in pairs]
        opens = xp.lexsort([*ties, *reversed(joined)], axis=axis) < n  # of equal ones, low is first
        depth = xp.cumsum(xp.where(opens, 1, -1), axis=axis)
        return depth[(slice(None),) * axis + (slice(1, None, 2),)] == 0

    ends = analysis.each(cut, *(key.low for key in keys), *(key.high for key in keys))
    starts = xp.roll(ends, 1, axis + 1) | (places == 0)
    first = _extreme_so_far(analysis, xp.where(starts, places, 0), axis + 1)
    turned = xp.where(ends, places, n - 1)
    last = -xp.flip(_extreme_so_far(analysis, -xp.flip(turned, axis + 1), axis + 1), axis + 1)
    return _Stretches(order, first, last)


def _extreme_so_far(analysis: Analysis, array: Array, axis: int) -> Array:
    if analysis.xp is np:
        return np.maximum.accumulate(array, axis)
    return lax.cummax(array, axis)


def _moved(analysis: Analysis, one: Enclosure, found: _Stretches, axis: int) -> Enclosure:
    """Returns what is moved along: within a stretch each may be any of the entries there."""
    xp = analysis.xp
    value = xp.take_along_axis(one.value, found.order, axis)
    error = analysis.each(lambda each: xp.take_along_axis(each, found.order, axis), one.error)
    several = found.first != found.last
    if not analysis.may_be(several):
        return Enclosure(value, error)
    wide, spread = as_floats(analysis, Enclosure(value, error))

    def reach(first: Array, last: Array, error: Array) -> Array:
        low, high = limits(xp, wide, error)
        top = xp.take_along_axis(high, xp.lexsort([high, first], axis=axis), axis)
        bottom = xp.take_along_axis(low, xp.lexsort([low, first], axis=axis), axis)
        above = xp.take_along_axis(top, last, axis)
        below = xp.take_along_axis(bottom, first, axis)
        return _resolved(xp, one.value.dtype, wide, distance(xp, below, wide, above))

    reached = analysis.each(reach, found.first, found.last, spread)
    if error.dtype == bool:
        return Enclosure(value, xp.where(several, reached > 0, error))
    return Enclosure(value, xp.where(several, reached, error))


def _resolved(xp: Any, dtype: Any, value: Array, reached: Array) -> Array:
    """Adds what float64 rounds off: of a difference, and of integers that it does not hold."""
    if is_float(dtype):
        return reached * (1 + 2.0**-52)
    return reached + xp.abs(value) * xp.where(xp.abs(value) < 2.0**53, 0.0, 2.0**-52)


def _ranked(
    analysis: Analysis, dtype: Any, key: _Key, moved: Enclosure, found: _Stretches, axis: int
) -> Enclosure:
    """Returns the key itself: its k-th smallest number, which is less uncertain than an entry."""
    xp, several = analysis.xp, found.first != found.last
    if not analysis.may_be(several):
        return moved
    value = xp.take_along_axis(key.value, found.order, axis).astype(np.float64)

    def reach(low: Array, high: Array) -> Array:
        found = distance(xp, xp.sort(low, axis), value, xp.sort(high, axis))
        return _resolved(xp, dtype, value, found)

    reached = analysis.each(reach, key.low, key.high)
    if moved.error.dtype == bool:
        return Enclosure(moved.value, xp.where(several, reached > 0, moved.error))
    if is_float(dtype) and dtype != np.float16:  # all that is subnormal may be equal
        least = float(jnp.finfo(dtype).smallest_normal)
        reached = reached + xp.where(xp.abs(value) <= least + reached, 2 * least, 0.0)
    return Enclosure(moved.value, xp.where(several, reached, moved.error))


def arg_extreme(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The place of the largest or smallest entry: as far off as the furthest one that may win.

    An entry may win if its `high` is above the `low` of all others, or equal to it and none of
    these is before it: of exact entries that are equal the first wins for certain. Where there is,
    or may be, NaN, any entry may.
    """
    (axis,), xp = eqn.params["axes"], analysis.xp
    turns = eqn.primitive.name == "argmin"
    found = (xp.argmin if turns else xp.argmax)(a.value, axis)
    value = found.astype(eqn.params["index_dtype"])
    if not is_float(a.value.dtype) and not analysis.may_be(a.error != 0):
        return Enclosure(value, analysis.no_error(value.shape))
    key, places = _key(analysis, a), _counted(analysis, a.value.shape, axis)
    key, away = _turned(key) if turns else key, xp.abs(places - xp.expand_dims(found, axis))

    def reach(low: Array, high: Array) -> Array:
        best = low.max(axis, keepdims=True)
        leader = xp.expand_dims(low.argmax(axis), axis)
        wins = (high > best) | ((high == best) & (places <= leader))
        is_known = ((low == low) & (high == high)).all(axis, keepdims=True)
        return xp.where(wins | ~is_known, away, 0).max(axis).astype(np.float64)

    return Enclosure(value, analysis.each(reach, key.low, key.high))


ROWS = rows(
    "selection",
    {"sort": sort, "top_k": top_k, "argmax": arg_extreme, "argmin": arg_extreme},
)
