"""Matrix products, and all else that `dot_general` multiplies.

The error of a sum of n terms p_i q_i, whose factors have errors too, with s = sum |p_i| |q_i|, is:

  worst      the errors of the factors, and dot(n) s for the products and their sum
  typical    the root of the sum of the squares of the same, of the roundings of the products, and
             of those of the partial sums
"""

import dataclasses
import itertools
import math
import string
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, ExactArithmetic
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.primitives.row import rows

Product = Callable[[Array, Array], Array]
_BLOCKS = 16  # of a long sum, whose partial sums are looked at
_LONG = 64  # terms


def dot_general(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """|sum p~ q~ - sum p q| <= sum |p| e_q + e_p (|q| + e_q), and the rounding of the sum."""
    xp = analysis.xp
    form, terms = _einsum(eqn, a.value.shape, b.value.ndim)

    def dot(p: Array, q: Array) -> Array:
        return xp.einsum(form, p, q, optimize=True)

    (contract_a, contract_b), _ = eqn.params["dimension_numbers"]
    lengths = [a.value.shape[i] for i in contract_a]
    longest = int(np.argmax(lengths)) if lengths else None
    axes = None if longest is None else (contract_a[longest], contract_b[longest])
    return products_summed(analysis, eqn, dot, a, b, terms=terms, axes=axes)


def products_summed(
    analysis: Analysis,
    eqn: Any,
    dot: Product,
    a: Enclosure,
    b: Enclosure,
    *,
    terms: int,
    axes: tuple[int, int] | None,
) -> Enclosure:
    """Bounds what a bilinear function makes of two arrays: entries that are sums of products.

    Args:
      analysis: how.
      eqn: whose result it is.
      dot: the function, of float64 arrays.
      a: one array.
      b: the other one.
      terms: of one sum, at most.
      axes: of a and of b, over which the sum runs, in its outermost loop; None if there is none.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    if not is_float(dtype):  # small integers may be added up in larger ones
        a, b = (dataclasses.replace(one, value=one.value.astype(dtype)) for one in (a, b))
    arithmetic = analysis.arithmetic(dtype)
    value, size_a, size_b = dot(a.value, b.value), xp.abs(a.value), xp.abs(b.value)
    rounded, each = arithmetic.dot(terms), _each_squared(arithmetic, terms)

    def by(p: Array, q: Array) -> Array | float:
        """Multiplies, unless the errors q are all 0."""
        return dot(p, q) if analysis.may_be(q != 0) else 0.0

    def reach(e_a: Array, e_b: Array) -> Array:
        return dot(size_a + e_a, size_b + e_b)

    def worst(e_a: Array, e_b: Array) -> Array:
        if math.isinf(rounded):
            return xp.where(reach(e_a, e_b) > 0, np.inf, 0.0)
        return by(size_a, e_b) + dot(e_a + rounded * (size_a + e_a), size_b + e_b)

    def typical(e_a: Array, e_b: Array) -> Array:
        squares = dot(e_a**2 + each * (size_a + e_a) ** 2, (size_b + e_b) ** 2)
        partial = _mean_square(xp, dot, a.value, b.value, value, terms, axes)
        rest = _drift_squared(arithmetic, terms, value, partial)
        return xp.sqrt(by(size_a**2, e_b**2) + squares + rest)

    error = analysis.by_reading(worst, typical, a.error, b.error)
    is_zero = error == 0
    if dtype == np.float64 and analysis.may_be(is_zero):  # a product may vanish
        is_zero = analysis.each(
            lambda e_a, e_b: dot(1.0 * (size_a + e_a > 0), 1.0 * (size_b + e_b > 0)) == 0,
            a.error,
            b.error,
        )
    # each product and each partial sum may be flushed
    error = error + xp.where(is_zero, 0.0, 2 * terms * arithmetic.lam)
    most = terms * (size_a + a.error).max(initial=0) * (size_b + b.error).max(initial=0)
    if analysis.may_be(~analysis.fits(most * (1 + rounded), dtype)):
        fits = analysis.fits(analysis.each(reach, a.error, b.error) * (1 + rounded), dtype)
        error = xp.where(fits, error, np.inf)
    return Enclosure(value, error, terms=max(terms, 1))


def _einsum(eqn: Any, shape_a: tuple[int, ...], ndim_b: int) -> tuple[str, int]:
    """Returns the product in the notation of einsum, 'ab,bc->ac', and the number of terms."""
    (contract_a, contract_b), (batch_a, batch_b) = eqn.params["dimension_numbers"]
    letters = iter(string.ascii_letters)
    of_a: dict[int, str] = {i: next(letters) for i in range(len(shape_a))}
    of_b = {
        j: of_a[i] for i, j in zip((*contract_a, *batch_a), (*contract_b, *batch_b), strict=True)
    }
    of_b |= {j: next(letters) for j in range(ndim_b) if j not in of_b}
    free_a = [of_a[i] for i in of_a if i not in (*contract_a, *batch_a)]
    free_b = [of_b[j] for j in sorted(of_b) if j not in (*contract_b, *batch_b)]
    left, right = "".join(of_a.values()), "".join(of_b[j] for j in sorted(of_b))
    out = "".join([*(of_a[i] for i in batch_a), *free_a, *free_b])
    terms = int(np.prod([shape_a[i] for i in contract_a], dtype=int))
    return f"{left},{right}->{out}", terms


def _mean_square(
    xp: Any,
    dot: Product,
    a: Array,
    b: Array,
    value: Array,
    terms: int,
    axes: tuple[int, int] | None,
) -> Array:
    """Returns the mean square of the partial sums, in the order in which the terms lie.

    A sum of terms of one sign grows evenly, which makes it value^2 / 3. But a gradient of weights
    may add up thousands that are of one sign within a sample and cancel between samples: so of a
    long sum the partial sums are worked out, at the ends of blocks.
    """
    if axes is None or terms < _LONG or (n := a.shape[axes[0]]) < 2:
        return value**2 / 3
    cuts = sorted({round(k * n / _BLOCKS) for k in range(_BLOCKS + 1)})
    before, squares = xp.zeros_like(value), 0.0
    for low, high in itertools.pairwise(cuts):
        part = [
            array[(slice(None),) * axis + (slice(low, high),)]
            for array, axis in ((a, axes[0]), (b, axes[1]))
        ]
        after = before + dot(*part)
        squares = squares + (high - low) / n * xp.maximum(before**2, after**2)
        before = after
    return squares


def _each_squared(arithmetic: Arithmetic | ExactArithmetic, terms: int) -> float:
    """Returns how much the square of every term counts in a typical error, squared."""
    if arithmetic.is_plain:
        return terms * arithmetic.u**2
    return terms * arithmetic.sum_u**2 + 2 * arithmetic.operand_u**2


def _drift_squared(
    arithmetic: Arithmetic | ExactArithmetic, terms: int, value: Array, partial: Array
) -> Array:
    """Returns how much partial sums count in it, of which each is rounded.

    Truncated factors lose half of operand_u on average, all in one direction: together operand_u of
    the value.
    """
    drift = terms * arithmetic.sum_u**2 * partial if terms > 1 else 0.0
    if arithmetic.is_plain:
        return drift
    return drift + (arithmetic.u**2 + arithmetic.operand_u**2) * value**2


ROWS = rows("linear", {"dot_general": dot_general})
