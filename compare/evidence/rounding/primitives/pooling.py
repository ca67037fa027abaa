"""What pooling is made of: sums and extremes of windows, and the slopes of these."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import gamma
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.interpreter import CALLS
from compare.evidence.rounding.primitives import extremes, reduce
from compare.evidence.rounding.primitives.integers import exactly
from compare.evidence.rounding.primitives.row import Row, Rule, rows
from compare.evidence.rounding.primitives.sliding_windows import Windows, windows_of

# how the entries of a window are reduced: by the rules of whole axes
_BY: dict[str, Rule] = {
    "add": reduce.ROWS["reduce_sum"].rule,
    "max": extremes.ROWS["reduce_max"].rule,
    "min": extremes.ROWS["reduce_min"].rule,
}


# ---- sums and extremes ----


def pooled(by: str) -> Rule:
    """Returns the rule of windows that are reduced by add, max or min: padding changes nothing."""
    neutral = {"add": 0.0, "max": -np.inf, "min": np.inf}[by]

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        if not is_float(eqn.outvars[0].aval.dtype):
            (made,) = exactly(analysis, eqn, None, [a])
            return made
        fill = analysis.exact(np.float64(neutral))
        return _reduced(analysis, eqn, by, windows_of(eqn, a.value.shape).opened(analysis, a, fill))

    return rule


def reduce_window(analysis: Analysis, eqn: Any, *args: Enclosure) -> Enclosure | list[Enclosure]:
    """Reduces each window and a first number by add, max or min.

    XLA leaves open whether the first number is in the place of padding too.
    """
    by = _reducer(eqn)
    if not is_float(eqn.outvars[0].aval.dtype):
        return exactly(analysis, eqn, None, args)
    (a, first), xp = args, analysis.xp
    fill = Enclosure(0 * first.value, abs(first.value) + first.error) if by == "add" else first
    opened = windows_of(eqn, a.value.shape).opened(analysis, a, fill)

    def beside(array: Array, number: Array) -> Array:
        column = xp.broadcast_to(number, (*array.shape[:-1], 1))
        return xp.concatenate([array, column], axis=-1)

    value = beside(opened.value, first.value)
    error = analysis.each(beside, opened.error, first.error)
    return _reduced(analysis, eqn, by, Enclosure(value, error))


def _reduced(analysis: Analysis, eqn: Any, by: str, opened: Enclosure) -> Enclosure:
    """Reduces the entries of each window, which are the last axis."""
    axes = (opened.value.ndim - 1,)
    along = SimpleNamespace(params={"axes": axes}, invars=eqn.invars, outvars=eqn.outvars)
    made: Any = _BY[by](analysis, along, opened)
    return Enclosure(made.value, made.error)


def _another_reducer(eqn: Any) -> str | None:
    """Names what windows are reduced by, if it is none of add, max and min."""
    by = _reducer(eqn)
    return None if by in _BY and len(eqn.outvars) == 1 else f"{eqn.primitive.name} by {by}"


def _reducer(eqn: Any) -> str:
    """Names the primitive that two numbers are reduced by, inside of calls, or all of several."""
    jaxpr = eqn.params["jaxpr"]
    while len(jaxpr.eqns) == 1:
        (one,) = jaxpr.eqns
        used = {atom for atom in one.invars if not hasattr(atom, "val")}
        if used != set(jaxpr.invars) or list(jaxpr.outvars) != list(one.outvars):
            break
        if one.primitive.name not in CALLS:
            return str(one.primitive.name)
        jaxpr = one.params[CALLS[one.primitive.name]].jaxpr
    return "a function of " + (
        ", ".join(one.primitive.name for one in jaxpr.eqns) or "no primitive"
    )


# ---- the slope of a maximum ----


def _can_win(size: Array, error: Array) -> Array:
    """Returns which entries of a window may be its largest, in some library.

    Any of them may be taken for it if one may be NaN, which is larger than nothing and smaller
    than nothing. Of several that are equal a library may take any.
    """
    below = (size - error).max(-1, keepdims=True)
    return ~(size + error < below) | ~(error < np.inf).all(-1, keepdims=True)


def select_and_scatter_add(
    analysis: Analysis, eqn: Any, source: Enclosure, a: Enclosure
) -> Enclosure:
    """The slope of pooling: what comes to a window goes to its largest entry, s to each.

    Where more than one entry can win, s may come to each of them or not: of the one that wins by
    its value it may be taken away, |s| or e_s, and to each of the others it may come, |s| + e_s.
    What comes to one entry from several windows is a sum of so many terms.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    windows, arithmetic = windows_of(eqn, a.value.shape), analysis.arithmetic(dtype)
    size, errors = _entries(analysis, eqn, windows, a)
    wins = _winner(xp, size)
    here, count = source.value[..., None], windows.overlap
    rounded = gamma(max(count - 1, 0), arithmetic.u)

    def reach(error: Array, own: Array) -> Array:
        return windows.gathered(
            xp, xp.where(_can_win(size, error), xp.abs(here) + own[..., None], 0.0)
        )

    def moved(error: Array, own: Array) -> Array:
        can, own = _can_win(size, error), own[..., None]
        alone = can.sum(-1, keepdims=True) == 1
        away = xp.where(wins, xp.maximum(xp.abs(here), own), xp.abs(here) + own)
        return xp.where(can, xp.where(alone, own, away), 0.0)

    def worst(error: Array, own: Array, reached: Array) -> Array:
        return windows.gathered(xp, moved(error, own)) + rounded * reached

    def typical(error: Array, own: Array, reached: Array) -> Array:
        squares = windows.gathered(xp, moved(error, own) ** 2)
        return xp.sqrt(squares + max(count - 1, 0) * (arithmetic.u * reached) ** 2)

    reached = analysis.each(reach, errors, source.error)
    error = analysis.by_reading(worst, typical, errors, source.error, reached)
    flushed = xp.where(reached > 0, max(count - 2, 0) * arithmetic.lam, 0.0)
    fits = analysis.fits(reached * (1 + rounded), dtype) if count > 1 else True
    value = windows.gathered(xp, xp.where(wins, here, 0.0))
    return Enclosure(value, xp.where(fits, error + flushed, np.inf))


def select_and_gather_add(
    analysis: Analysis, eqn: Any, tangents: Enclosure, a: Enclosure
) -> Enclosure:
    """The slope of pooling, forward: of each window the tangent of its largest entry.

    It may be that of any entry that can win, and 0 if none is larger than -inf. XLA drops half of
    the digits of float64 numbers here on a GPU, and says so: that is not covered.
    """
    xp, windows = analysis.xp, windows_of(eqn, a.value.shape)
    size, errors = _entries(analysis, eqn, windows, a)
    opened = windows.opened(analysis, tangents, analysis.exact(np.float64(0)))
    value = xp.take_along_axis(opened.value, size.argmax(-1)[..., None], -1)

    def reach(error: Array, own: Array) -> Array:
        can = _can_win(size, error)
        away = xp.abs(opened.value - value) * (1 + 2.0**-52)  # a difference of float64 is rounded
        away = xp.where(opened.value == value, 0.0, away) + own
        most = xp.where(can, away, 0.0).max(-1)
        none = ~((size - error).max(-1) > -np.inf)
        return xp.where(none, xp.maximum(most, xp.abs(value[..., 0])), most)

    return Enclosure(value[..., 0], analysis.each(reach, errors, opened.error))


def _entries(analysis: Analysis, eqn: Any, windows: Windows, a: Enclosure) -> tuple[Array, Array]:
    """Returns the entries of every window, negative if the smallest wins, and their errors."""
    sign = 1 if eqn.params["select_prim"].name == "ge" else -1
    opened = windows.opened(analysis, a, analysis.exact(np.float64(-sign * np.inf)))
    return sign * opened.value, opened.error


def _winner(xp: Any, size: Array) -> Array:
    """Returns where the first of the largest entries of each window is."""
    return xp.arange(size.shape[-1]) == size.argmax(-1)[..., None]


ROWS = {
    "reduce_window": Row("linear", reduce_window, lacks=_another_reducer),
    **rows(
        "linear",
        {
            "reduce_window_sum": pooled("add"),
            "select_and_scatter_add": select_and_scatter_add,
        },
    ),
    **rows(
        "selection",
        {
            "reduce_window_max": pooled("max"),
            "reduce_window_min": pooled("min"),
            "select_and_gather_add": select_and_gather_add,
        },
    ),
}
