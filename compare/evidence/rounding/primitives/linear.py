"""Matrix products, and all else that `dot_general` multiplies.

The error of a sum of n terms p_i q_i, whose factors have errors too, with s = sum |p_i| |q_i|, is:

  worst      the errors of the factors, and dot(n) s for the products and their sum
  typical    the root of the sum of the squares of the same
"""

import string
from typing import Any

import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, ExactArithmetic
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure


def dot_general(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """|sum p~ q~ - sum p q| <= sum |p| e_q + e_p (|q| + e_q), and the rounding of the sum."""
    dtype, xp = eqn.outvars[0].aval.dtype, analysis.xp
    arithmetic = analysis.arithmetic(dtype)
    form, terms = _einsum(eqn, a.value.shape, b.value.ndim)

    def dot(p: Array, q: Array) -> Array:
        return xp.einsum(form, p, q, optimize=True)

    value = dot(a.value, b.value)
    size_a, size_b = xp.abs(a.value), xp.abs(b.value)
    reach_a, reach_b = size_a + a.error, size_b + b.error
    reach = dot(reach_a, reach_b)
    rounded = arithmetic.dot(terms) * reach
    if analysis.worst:
        error = dot(size_a, b.error) + dot(a.error, reach_b) + rounded
    else:
        squares = dot(size_a**2, b.error**2) + dot(a.error**2, reach_b**2)
        squares = squares + _typical(arithmetic, terms, dot(reach_a**2, reach_b**2), value)
        error = xp.sqrt(squares)
    # each product and each partial sum may be flushed, and vanish in float64
    is_zero = reach == 0
    if dtype == np.float64 and analysis.may_be(is_zero):
        is_zero = dot(1.0 * (reach_a > 0), 1.0 * (reach_b > 0)) == 0
    flushed = xp.where(is_zero, 0.0, 2 * terms * arithmetic.lam)
    fits = analysis.fits(reach + rounded if analysis.worst else reach, dtype)
    return Enclosure(value, xp.where(fits, error + flushed, np.inf), terms=max(terms, 1))


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


def _typical(
    arithmetic: Arithmetic | ExactArithmetic, terms: int, squares: Array, value: Array
) -> Array:
    """Returns the typical error of a dot product, squared, from the sum of its squared terms.

    Truncated factors lose half of operand_u on average, all in one direction: together operand_u of
    the value.
    """
    u = arithmetic.u
    if arithmetic.is_plain:
        return terms * u * u * squares
    each = terms * arithmetic.sum_u**2 + 2 * arithmetic.operand_u**2
    return each * squares + (u**2 + arithmetic.operand_u**2) * value**2
