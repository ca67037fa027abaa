"""Matrix products, and all else that `dot_general` multiplies.

The error of a sum of n terms p_i q_i, whose factors have errors too, with s = sum |p_i| |q_i|, is:

  worst      the errors of the factors, and ((1 + u)^n - 1) s for the products and their sum
  typical    the root of the sum of the squares of the same, of the roundings of the products, and
             of those of the partial sums
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, ExactArithmetic, growth
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.readings import unrepeated

Product = Callable[[Array, Array], Array]
# of both arrays -> (share of all terms, parts of both) in the order in which terms are added up
Parts = Callable[[Array, Array], Iterable[tuple[float, Array, Array]]]
_BLOCKS = 16  # of a long sum, whose partial sums are looked at
_SAMPLES = 64  # of a sum over samples and what is inside of each, if there are no more
_LONG = 64  # terms


def dot_general(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """|sum p~ q~ - sum p q| <= sum |p| e_q + e_p (|q| + e_q), and the rounding of the sum."""
    axes = eqn.params["dimension_numbers"][0]
    lengths = [a.value.shape[i] for i in axes[0]]

    def parts(p: Array, q: Array) -> Iterator[tuple[float, Array, Array]]:
        for share, slices in blocks(lengths):
            yield share, _cut(p, axes[0], slices), _cut(q, axes[1], slices)

    terms = math.prod(lengths)
    return products_summed(analysis, eqn, _product(eqn), a, b, terms=terms, parts=parts)


def _cut(array: Array, axes: Sequence[int], slices: Sequence[slice]) -> Array:
    at = dict(zip(axes, slices, strict=True))
    return array[tuple(at.get(axis, slice(None)) for axis in range(array.ndim))]


def blocks(
    lengths: Sequence[int], wanted: int | None = None
) -> Iterator[tuple[float, tuple[slice, ...]]]:
    """Cuts a sum over axes of such lengths, of which the first is the outermost loop, into blocks.

    Yields:
      The share of all terms and a slice of each axis: of the outer axes first, and where these
      are short of the inner ones too.
    """
    if wanted is None:
        is_flat = math.prod(lengths[1:]) == 1
        wanted = _BLOCKS if is_flat else min(max(lengths[0], _BLOCKS), _SAMPLES)
    if not lengths or wanted <= 1:
        yield 1.0, tuple(slice(0, length) for length in lengths)
        return
    outer, *inner = lengths
    count = min(outer, wanted)
    cuts = [round(k * outer / count) for k in range(count + 1)]
    for low, high in itertools.pairwise(cuts):
        for share, slices in blocks(inner, -(-wanted // count)):
            yield (high - low) / outer * share, (slice(low, high), *slices)


def products_summed(
    analysis: Analysis,
    eqn: Any,
    dot: Product,
    a: Enclosure,
    b: Enclosure,
    *,
    terms: int,
    parts: Parts,
) -> Enclosure:
    """Bounds what a bilinear function makes of two arrays: entries that are sums of products.

    Args:
      analysis: how.
      eqn: whose result it is.
      dot: the function, of float64 arrays.
      a: one array.
      b: the other one.
      terms: of one sum, at most.
      parts: cuts both arrays into blocks, the products of which add up to the sum.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    if not is_float(dtype):  # small integers may be added up in larger ones
        a, b = (dataclasses.replace(one, value=one.value.astype(dtype)) for one in (a, b))
    arithmetic = analysis.arithmetic(dtype)
    value, size_a, size_b = dot(a.value, b.value), xp.abs(a.value), xp.abs(b.value)
    reach_a, reach_b = _reach(size_a, a.error), _reach(size_b, b.error)
    each = _each_squared(arithmetic, terms)
    rounded = growth(terms, arithmetic.u) if arithmetic.is_plain else arithmetic.dot(terms)

    def by(p: Array, q: Array) -> Array | float:
        """Multiplies, unless the errors q are all 0."""
        return dot(p, q) if _may_move(analysis, q) else 0.0

    def worst(e_a: Array, e_b: Array, reach_a: Array, reach_b: Array) -> Array:
        if math.isinf(rounded):
            return xp.where(dot(reach_a, reach_b) > 0, np.inf, 0.0)
        return by(size_a, e_b) + dot(e_a + rounded * reach_a, reach_b)

    def typical(e_a: Array, e_b: Array, reach_a: Array, reach_b: Array) -> Array:
        squares = dot(e_a**2 + each * reach_a**2, reach_b**2)
        partial = _mean_square(xp, dot, a.value, b.value, value, terms, parts)
        rest = _drift_squared(arithmetic, terms, value, partial)
        moved = dot(size_a**2, e_b**2) if _may_move(analysis, e_b) else 0.0
        return xp.sqrt(moved + squares + rest)

    error = analysis.by_reading(worst, typical, a.error, b.error, reach_a, reach_b)
    is_zero = error == 0
    if dtype == np.float64 and analysis.may_be(is_zero):  # a product may vanish
        is_zero = analysis.each(dot, 1.0 * (reach_a > 0), 1.0 * (reach_b > 0)) == 0
    # each product and each partial sum may be flushed
    error = error + xp.where(is_zero, 0.0, 2 * terms * arithmetic.lam)
    most = terms * reach_a.max(initial=0) * reach_b.max(initial=0)
    if analysis.may_be(~analysis.fits(most * (1 + rounded), dtype)):
        fits = analysis.fits(analysis.each(dot, reach_a, reach_b) * (1 + rounded), dtype)
        error = xp.where(fits, error, np.inf)
    return Enclosure(value, error, terms=max(terms, 1))


def _reach(size: Array, error: Array) -> Array:
    """Returns the largest magnitudes there may be, [readings, ...]."""
    if len(error) > 1 and isinstance(error, np.ndarray) and not error.strides[0]:
        return np.broadcast_to(size + error[0], error.shape)  # the same in all readings
    return size + error


def _may_move(analysis: Analysis, error: Array) -> bool:
    """Whether an error is not 0 somewhere."""
    return analysis.may_be(unrepeated(error) != 0)


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
    xp: Any, dot: Product, a: Array, b: Array, value: Array, terms: int, parts: Parts
) -> Array:
    """Returns the mean square of the partial sums, as far as they matter.

    A sum of terms of one sign grows evenly, which makes it value^2 / 3. But a gradient of weights
    may add up thousands that are of one sign within a sample and cancel between samples: so of a
    long sum the partial sums are worked out, at the ends of blocks, in the order in which they lie;
    and of blocks in another order, such as every eighth first, the sum of their squares.
    """
    if terms < _LONG:
        return value**2 / 3
    total: Any = 0.0
    before: Any = 0.0  # the square of the partial sum so far
    squares: Any = 0.0
    for share, *pair in parts(a, b):
        block = dot(*pair)
        total = total + block
        after = xp.square(total)
        squares = squares + (share * xp.maximum(before, after) + xp.square(block))
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
