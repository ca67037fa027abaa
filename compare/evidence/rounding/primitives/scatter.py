"""Entries that are replaced."""

from typing import Any

import jax
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_bool
from compare.evidence.rounding.primitives.gather import any_uncertain
from compare.evidence.rounding.primitives.index import bound_to, carried
from compare.evidence.rounding.primitives.lookup_windows import as_numbers, ends, jumping
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.primitives.targets import Targets, targets, written


def scatter(
    analysis: Analysis, eqn: Any, a: Enclosure, index: Enclosure, b: Enclosure
) -> Enclosure:
    """Replaces entries.

    Of several numbers for one entry any may be the last. Where rounding may change an index, each
    entry along its axes may be replaced, or not.
    """
    target = targets(analysis, eqn, a, index)
    if eqn.params.get("update_jaxpr") is not None:
        return _applied(analysis, eqn, a, target)
    value = written("set", a.value, target.places, b.value)
    error = analysis.each(lambda p, q: written("set", p, target.places, q), a.error, b.error)
    several = target.times() > 1
    may_move = analysis.may_be(target.uncertain)
    if not may_move and not analysis.may_be(several):
        return carried((a, b), value, error)
    xp, wide_a, wide_b = analysis.xp, as_numbers(a), as_numbers(b)

    def reach(e_a: Array, e_b: Array, uncertain: Array) -> Array:
        sure, found = target.sure(uncertain), []
        is_lost = written("add", xp.zeros(target.shape), sure, np.float64(1)) > 0
        both = zip(
            ends(analysis, wide_a.value, e_a), ends(analysis, wide_b.value, e_b), strict=True
        )
        for way, none, (old, new) in zip(("min", "max"), (np.inf, -np.inf), both, strict=True):
            end = written(way, xp.where(is_lost, none, old), sure, new)
            if may_move:
                stray = target.everywhere(way, none, xp.where(uncertain, new, none))
                end = xp.minimum(end, stray) if way == "min" else xp.maximum(end, stray)
            found.append(end)
        return jumping(analysis, value.astype(np.float64), *found)

    reached = analysis.each(reach, wide_a.error, wide_b.error, target.uncertain)
    where = several | analysis.each(target.strays, target.uncertain)
    if is_bool(error.dtype):
        return carried((a, b), value, error | (where & (reached != 0)))
    return carried((a, b), value, xp.where(where, xp.maximum(error, reached), error))


def _applied(analysis: Analysis, eqn: Any, a: Enclosure, target: Targets) -> Enclosure:
    """Replaces entries by a function of them: as often as each is named.

    Nothing is known if rounding may change an index, or under a trace of an entry named twice.
    """
    from jax.extend.core import ClosedJaxpr, jaxpr_as_fun  # which loads slowly

    xp, times, dtype = analysis.xp, target.times(), eqn.outvars[0].aval.dtype
    function = jaxpr_as_fun(ClosedJaxpr(eqn.params["update_jaxpr"], eqn.params["update_consts"]))
    flat = jax.ShapeDtypeStruct((int(np.prod(target.shape, dtype=int)),), dtype)
    closed = jax.make_jaxpr(jax.vmap(function))(flat, flat)
    steps = int(times.max(initial=0)) if xp is np else 1
    value, error = a.value, a.error
    for step in range(steps):
        given = Enclosure(value.reshape(-1), error.reshape(len(error), -1))
        (made,) = analysis.evaluate(closed, [given, given])
        is_due = times > step
        value = xp.where(is_due, made.value.reshape(value.shape), value)
        error = xp.where(is_due, made.error.reshape(error.shape), error)
    unknown = analysis.each(target.strays, target.uncertain) | (times > steps)
    most = True if is_bool(error.dtype) else np.inf
    return Enclosure(value, xp.where(unknown, most, error))


def dynamic_update_slice(
    analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure, *starts: Enclosure
) -> Enclosure:
    """Replaces one window, which is moved inside if it starts too early or too late."""
    xp, shape = analysis.xp, b.value.shape

    def put(old: Array, new: Array) -> Array:
        if xp is not np:
            return bound_to(eqn, old, new, *(one.value for one in starts))
        lows = (
            int(np.clip(one.value, 0, n - size))
            for one, n, size in zip(starts, old.shape, shape, strict=True)
        )
        made = old.copy()
        made[tuple(slice(low, low + n) for low, n in zip(lows, shape, strict=True))] = new
        return made

    value, error = put(a.value, b.value), analysis.each(put, a.error, b.error)
    uncertain = any_uncertain(analysis, starts)
    if not b.value.size or not analysis.may_be(uncertain):
        return carried((a, b), value, error)
    wide_a, wide_b = as_numbers(a), as_numbers(b)

    def reach(e_a: Array, e_b: Array) -> Array:
        (low, high), new = ends(analysis, wide_a.value, e_a), ends(analysis, wide_b.value, e_b)
        low, high = xp.minimum(low, new[0].min()), xp.maximum(high, new[1].max())
        return jumping(analysis, value.astype(np.float64), low, high)

    reached = analysis.each(reach, wide_a.error, wide_b.error)
    reached = reached != 0 if is_bool(error.dtype) else reached
    where = uncertain.reshape((-1, *(1,) * value.ndim))
    return carried((a, b), value, xp.where(where, reached, error))


ROWS = rows("index", {"scatter": scatter, "dynamic_update_slice": dynamic_update_slice})
