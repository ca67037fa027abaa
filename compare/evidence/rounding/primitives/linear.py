"""Matrix products, and all else that `dot_general` multiplies.

The error of a sum of n terms p_i q_i, whose factors have errors too, with s = sum |p_i| |q_i|, is:

  worst      the errors of the factors, and dot(n) s for the products and their sum
  typical    the root of the sum of the squares of the same, of the roundings of the products, and
             of those of the partial sums
"""

import dataclasses
import itertools
import math
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
    (contract_a, contract_b), _ = eqn.params["dimension_numbers"]
    lengths = [a.value.shape[i] for i in contract_a]
    longest = int(np.argmax(lengths)) if lengths else None
    axes = None if longest is None else (contract_a[longest], contract_b[longest])
    dot, terms = _product(eqn), math.prod(lengths)
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
    rounded = arithmetic.dot(terms)

    def reach(e_a: Array, e_b: Array) -> Array:
        return dot(size_a + e_a, size_b + e_b)

    def worst(e_a: Array, e_b: Array, reached: Array) -> Array:
        return dot(size_a, e_b) + dot(e_a, size_b + e_b) + rounded * reached

    def typical(e_a: Array, e_b: Array, reached: Array) -> Array:
        del reached
        squares = dot(size_a**2, e_b**2) + dot(e_a**2, (size_b + e_b) ** 2)
        products = dot((size_a + e_a) ** 2, (size_b + e_b) ** 2)
        partial = _mean_square(xp, dot, a.value, b.value, value, terms, axes)
        return xp.sqrt(squares + _typical(arithmetic, terms, products, value, partial))

    reached = analysis.each(reach, a.error, b.error)
    error = analysis.by_reading(worst, typical, a.error, b.error, reached)
    # each product and each partial sum may be flushed, and vanish in float64
    is_zero = reached == 0
    if dtype == np.float64 and analysis.may_be(is_zero):
        is_zero = analysis.each(
            lambda e_a, e_b: dot(1.0 * (size_a + e_a > 0), 1.0 * (size_b + e_b > 0)) == 0,
            a.error,
            b.error,
        )
    flushed = xp.where(is_zero, 0.0, 2 * terms * arithmetic.lam)
    fits = analysis.fits(reached * (1 + rounded), dtype)
    return Enclosure(value, xp.where(fits, error + flushed, np.inf), terms=max(terms, 1))


def _product(eqn: Any) -> Product:
    """Returns the product as one of matrices: [batch, rows, contracted] @ [batch, ..., columns]."""
    (contract_a, contract_b), (batch_a, batch_b) = eqn.params["dimension_numbers"]
    ndim_a, ndim_b = (atom.aval.ndim for atom in eqn.invars)
    free_a = [i for i in range(ndim_a) if i not in (*contract_a, *batch_a)]
    free_b = [j for j in range(ndim_b) if j not in (*contract_b, *batch_b)]
    order_a, order_b = (*batch_a, *free_a, *contract_a), (*batch_b, *contract_b, *free_b)
    n_batch, n_contract = len(batch_a), len(contract_a)

    def dot(p: Array, q: Array) -> Array:
        p, q = p.transpose(order_a), q.transpose(order_b)
        batch, rows = p.shape[:n_batch], p.shape[n_batch : p.ndim - n_contract]
        columns = q.shape[n_batch + n_contract :]
        inner, n = math.prod(p.shape[p.ndim - n_contract :]), math.prod(batch)
        left = p.reshape(n, math.prod(rows), inner)
        right = q.reshape(n, inner, math.prod(columns))
        return (left @ right).reshape((*batch, *rows, *columns))

    return dot


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


def _typical(
    arithmetic: Arithmetic | ExactArithmetic,
    terms: int,
    products: Array,
    value: Array,
    partial: Array,
) -> Array:
    """Returns the typical error of a dot product, squared, from the sum of its squared terms.

    Truncated factors lose half of operand_u on average, all in one direction: together operand_u of
    the value.
    """
    u = arithmetic.u
    if arithmetic.is_plain:
        return terms * u**2 * (products + (partial if terms > 1 else 0.0))
    each = terms * arithmetic.sum_u**2 + 2 * arithmetic.operand_u**2
    drift = terms * arithmetic.sum_u**2 * partial
    return each * products + drift + (u**2 + arithmetic.operand_u**2) * value**2


ROWS = rows("linear", {"dot_general": dot_general})
