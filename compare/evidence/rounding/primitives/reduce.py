"""Sums over axes, and what booleans or bits make over axes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.extremes import as_floats, decided
from compare.evidence.rounding.primitives.index import bound_to
from compare.evidence.rounding.primitives.row import Rule, rows

Along = Callable[[Array], Array]
_BLOCKS = 16  # of a long sum, whose partial sums are looked at
_LONG = 64  # terms


def reduce_sum(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """A sum of n terms: see `summed`."""
    xp, axes = analysis.xp, tuple(eqn.params["axes"])
    n = int(np.prod([a.value.shape[i] for i in axes], dtype=int))

    def partial(values: Array) -> Array:
        kept = [i for i in range(values.ndim) if i not in axes]
        rows = values.transpose(*kept, *sorted(axes)).reshape(*(values.shape[i] for i in kept), n)
        return _squared_sums(xp, rows)

    return summed(analysis, eqn, a, lambda array: xp.sum(array, axis=axes), n, partial)


def _squared_sums(xp: Any, rows: Array) -> Array:
    """Returns the sum of the squares of all partial sums of more than one term.

    Of a long sum those at the ends of blocks stand for all.
    """
    n = rows.shape[-1]
    if n < _LONG:
        return xp.sum(xp.cumsum(rows, axis=-1)[..., 1:] ** 2, axis=-1)
    filled = xp.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, -n % _BLOCKS)])
    blocks = filled.reshape(*rows.shape[:-1], _BLOCKS, -1).sum(-1)
    squares = xp.cumsum(blocks, axis=-1) ** 2
    before = xp.roll(squares, 1, axis=-1) * (np.arange(_BLOCKS) > 0)
    return n / _BLOCKS * xp.sum(xp.maximum(squares, before), axis=-1)


def summed(
    analysis: Analysis, eqn: Any, a: Enclosure, add: Along, n: Array | int, partial: Along
) -> Enclosure:
    """|sum~ - sum| <= sum e + ((1 + u)^(n-1) - 1) sum (|a| + e), in any order of n terms but 0.

    Typically every partial sum is rounded, in the order of the entries, and what is added up in
    another order is rounded like n sums of random signs. Each partial sum may be flushed to zero,
    by lam. Infinite if one may overflow; but infinite terms of one sign stay what they are.

    Args:
      analysis: how.
      eqn: whose result it is.
      a: the terms.
      add: sums them.
      n: how many terms a sum has, if none is 0.
      partial: returns the sum of the squares of all partial sums of more than one term.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    arithmetic, value, infinite = analysis.arithmetic(dtype), add(a.value), xp.isinf(a.value)
    size, values = xp.abs(as_floats(analysis, a)[0]), a.value
    some = analysis.may_be(infinite)
    if some:
        size, values = (xp.where(infinite, 0.0, array) for array in (size, values))
    u, zero = arithmetic.u, (size == 0) & (a.error == 0)
    n_terms = analysis.each(lambda zero: add(1.0 * ~zero), zero) if analysis.may_be(zero) else n
    later = xp.maximum(n_terms - 1, 0) + analysis.no_error(value.shape)
    rounded = xp.expm1(later * np.log1p(u))

    def worst(error: Array, rounded: Array, later: Array) -> Array:
        return add(error) + rounded * add(size + error)

    def typical(error: Array, rounded: Array, later: Array) -> Array:
        squares = (later + 1) * add((size + error) ** 2) + xp.where(later > 0, partial(values), 0)
        return xp.fmin(worst(error, rounded, later), xp.sqrt(add(error**2) + u**2 * squares))

    error = analysis.by_reading(worst, typical, a.error, rounded, later)
    total = analysis.each(lambda error: add(size + error), a.error)
    flushed = xp.where(total > 0, xp.maximum(later - 1, 0) * arithmetic.lam, 0.0)
    error = xp.where(analysis.fits(total * (1 + rounded), dtype), error + flushed, np.inf)
    if some:
        error = xp.where(xp.isinf(value) & xp.isfinite(error), 0.0, error)
    return Enclosure(value, error)


def of_bits(name: str) -> Rule:
    """Returns the rule of and, or and xor over axes, of booleans or of the bits of integers."""
    ufunc = getattr(np, f"bitwise_{name}")

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        axes = tuple(eqn.params["axes"])
        value = ufunc.reduce(a.value, axes) if analysis.xp is np else bound_to(eqn, a.value)
        if a.error.dtype == bool and name != "xor":
            return decided(analysis, a, value, axes, by=name == "or")
        uncertain = analysis.each(lambda error: (error != 0).any(axes), a.error)
        if a.error.dtype == bool:
            return Enclosure(value, uncertain)
        return Enclosure(value, analysis.xp.where(uncertain, np.inf, 0.0))

    return rule


ROWS = rows("linear", {"reduce_sum": reduce_sum}) | rows(
    "selection",
    {"reduce_and": of_bits("and"), "reduce_or": of_bits("or"), "reduce_xor": of_bits("xor")},
)
