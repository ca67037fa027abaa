"""Entries to which numbers are added."""

import dataclasses
from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.index import namespace
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.primitives.targets import Targets, targets, written


def scatter_add(
    analysis: Analysis, eqn: Any, a: Enclosure, index: Enclosure, b: Enclosure
) -> Enclosure:
    """|sum~ - sum| <= sum e + gamma_{n-1} sum (|a| + e), in any order, as for `reduce_sum`.

    n counts what is written to an entry, and the entry if it is not exactly 0. Numbers whose place
    rounding may change are missing there, and may be anywhere along the axes of the index.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    arithmetic, target = analysis.arithmetic(dtype), targets(analysis, eqn, a, index)
    value, times = written("add", a.value, target.places, b.value), target.times()
    size_a, size_b = (xp.abs(one.value.astype(np.float64)) for one in (a, b))

    def reach(e_a: Array, e_b: Array, uncertain: Array) -> Array:
        here = written("add", size_a + e_a, target.places, size_b + e_b)
        return here + strayed(target, size_b + e_b, uncertain)

    def count(e_a: Array, uncertain: Array) -> Array:
        strays = strayed(target, xp.ones(target.places.shape), uncertain)
        return times + strays + (size_a + e_a != 0)

    each = (a.error, b.error, target.uncertain)
    reached = analysis.each(reach, *each)
    terms = analysis.each(count, a.error, target.uncertain)
    rounded = gammas(xp, xp.maximum(terms - 1, 0), arithmetic.u)

    def worst(e_a: Array, e_b: Array, uncertain: Array, reached: Array, rounded: Array) -> Array:
        stray = strayed(target, size_b + e_b, uncertain)
        moved = written("add", e_a, target.places, e_b)
        return moved + stray + xp.where(rounded > 0, rounded * reached, 0.0)

    def typical(e_a: Array, e_b: Array, uncertain: Array, reached: Array, rounded: Array) -> Array:
        """As in `reduce_sum`: every partial sum is rounded, in this order or in another."""
        stray = strayed(target, size_b + e_b, uncertain)
        moved = written("add", e_a**2, target.places, e_b**2)
        squares = written("add", (size_a + e_a) ** 2, target.places, (size_b + e_b) ** 2)
        squares = times * squares + _squared_sums(target, a.value, b.value)
        squares = xp.minimum(arithmetic.u**2 * squares, (rounded * reached) ** 2)
        return xp.sqrt(moved + stray**2 + xp.where(rounded > 0, squares, 0.0))

    error = analysis.by_reading(worst, typical, *each, reached, rounded)
    error = error + xp.maximum(terms - 2, 0) * arithmetic.lam
    error = xp.where(analysis.fits(reached * (1 + rounded), dtype), error, np.inf)
    is_kept = (times == 0) & ~analysis.each(target.strays, target.uncertain)
    return Enclosure(value, xp.where(is_kept, a.error, error))


def scatter_sub(
    analysis: Analysis, eqn: Any, a: Enclosure, index: Enclosure, b: Enclosure
) -> Enclosure:
    """The same of numbers with the other sign."""
    return scatter_add(analysis, eqn, a, index, dataclasses.replace(b, value=-b.value))


def strayed(target: Targets, sizes: Array, uncertain: Array) -> Array:
    """Returns what numbers in uncertain places may add to every entry."""
    if isinstance(uncertain, np.ndarray) and not uncertain.any():
        return np.float64(0)
    xp = namespace(sizes, uncertain)
    return target.everywhere("add", 0.0, xp.where(uncertain, sizes, 0.0))


def gammas(xp: Any, n: Array, u: float) -> Array:
    """Returns gamma_n of every entry."""
    part = n * u
    return xp.where(part < 1, part / (1 - part), np.inf)


def _squared_sums(target: Targets, a: Array, b: Array) -> Array:
    """Returns the sum of the squares of all partial sums of each entry, in the order of b."""
    xp, flat = namespace(a, b, target.places), target.places.reshape(-1)
    order = xp.argsort(flat, stable=True)
    places, numbers = flat[order], xp.where(xp.isfinite(b), b, 0.0).reshape(-1)[order]
    running = xp.concatenate([xp.zeros(1), xp.cumsum(numbers)])
    before = running[xp.searchsorted(places, places)]
    start = xp.concatenate([a.reshape(-1), xp.zeros(1)])[places]
    return written("add", xp.zeros(target.shape), places, (start + running[1:] - before) ** 2)


ROWS = rows("linear", {"scatter-add": scatter_add, "scatter-sub": scatter_sub})
