"""Triangular systems, whose rounding is that of a perturbed system.

Substitution in any order, by blocks or not, gives x~ with (T + dT) x~ = b, |dT| <= gamma_n |T|
(Higham, Accuracy and Stability of Numerical Algorithms, theorem 8.5). That is not so where blocks
of the diagonal are inverted first, and multiplied by, as XLA does in bfloat16 and float16, and
other libraries on GPUs: this is allowed for in bfloat16 and float16 alone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.rounding.arithmetic import number_range
from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.primitives.substitution import (
    diagonal,
    fixed_point,
    inverted,
    substituted,
    total_gamma,
)


class _System(NamedTuple):
    """T x = b, with T lower triangular, and an approximate inverse of T.

    Attributes:
      t: [..., n, n].
      b: [..., n, k].
      x: the solution, of float64 arithmetic.
      inverse: |V|.
      residual: at least |I - V T|.
    """

    t: Array
    b: Array
    x: Array
    inverse: Array
    residual: Array


def triangular_solve(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """Of |T e| <= P (|x| + e) + e_b, with P = e_T + gamma_{n+2} (|T| + e_T), for |e|.

    Two roundings more than those of the theorem are for a reciprocal of the diagonal.
    """
    xp, params = analysis.xp, eqn.params
    swapped = params["transpose_a"] == params["left_side"]
    flipped = params["lower"] == swapped
    unit = params["unit_diagonal"]

    def matrix(array: Array) -> Array:
        array = array.swapaxes(-1, -2) if swapped else array
        array = xp.tril(array[..., ::-1, ::-1] if flipped else array)
        return xp.where(xp.eye(array.shape[-1]) == 1, 0.0, array) if unit else array

    def side(array: Array) -> Array:
        array = array if params["left_side"] else array.swapaxes(-1, -2)
        return array[..., ::-1, :] if flipped else array

    def back(array: Array) -> Array:
        array = array[..., ::-1, :] if flipped else array
        return array if params["left_side"] else array.swapaxes(-1, -2)

    t, right = matrix(a.value), side(b.value)
    t = t + xp.eye(t.shape[-1]) if unit else t
    inverse, residual = inverted(xp, t)
    system = _System(t, right, substituted(xp, t, right), inverse, residual)
    dtype = eqn.outvars[0].aval.dtype
    error = analysis.by_reading(
        lambda e_t, e_b: _solved_worst(analysis, dtype, system, e_t, e_b),
        lambda e_t, e_b: _solved_typical(analysis, dtype, system, e_t, e_b),
        matrix(a.error),
        side(b.error),
    )
    return Enclosure(back(system.x), back(error))


def _solved_worst(analysis: Analysis, dtype: Any, system: _System, e_t: Array, e_b: Array) -> Array:
    xp, arithmetic, n = analysis.xp, analysis.arithmetic(dtype), system.t.shape[-1]
    g, size = total_gamma(analysis, dtype, n + 2), xp.abs(system.t) + e_t
    edge = diagonal(xp, size)
    busy = ((system.b != 0) | (e_b != 0)).any(-2, keepdims=True)
    known = e_b + xp.where(busy, arithmetic.lam * (2 * n + edge), 0.0)
    moved = e_t + g * size
    if arithmetic.is_low:
        moved, known = _by_inverted_blocks(xp, system, moved, known, size, g, arithmetic.lam)
    spread = system.inverse @ moved + system.residual
    error = fixed_point(xp, spread, system.inverse @ (moved @ xp.abs(system.x) + known))
    found = xp.abs(system.x) + error
    reached = xp.maximum(found, (size @ found + xp.abs(system.b) + known) * (1 + g))
    return xp.where(_is_safe(analysis, dtype, system, e_t, reached), error, np.inf)


def _by_inverted_blocks(
    xp: Any,
    system: _System,
    moved: Array,
    known: Array,
    size: Array,
    g: float,
    lam: float,
) -> tuple[Array, Array]:
    """Allows for a library that multiplies by the inverses of diagonal blocks.

    Such an inverse has |T V~ - I| <= gamma |T| |V~|, so that |V~| is less than the solution of
    (I - |V| P - R) v = |V|. To multiply s = b - T x by it costs gamma |V~| |s| besides. Rows are
    divided by the diagonal first, and their entries may be flushed.
    """
    n = size.shape[-1]
    divided = xp.tril(xp.broadcast_to(lam * diagonal(xp, size), size.shape))
    found = fixed_point(xp, system.inverse @ (moved + divided) + system.residual, system.inverse)
    flushed = 2 * n * lam * (1 + size.sum(-1, keepdims=True))
    through = 2 * (1 + g) * (g * size + divided) @ found + flushed
    return moved + divided + through @ size, known + through @ (abs(system.b) + known) + flushed


def _solved_typical(
    analysis: Analysis, dtype: Any, system: _System, e_t: Array, e_b: Array
) -> Array:
    """Adds up squares in place of sizes; a sum of i terms has as many roundings."""
    xp, arithmetic, n = analysis.xp, analysis.arithmetic(dtype), system.t.shape[-1]
    squares, x, b = system.t**2, system.x**2, system.b**2
    terms = xp.arange(1.0, n + 1)[:, None]
    rounded = arithmetic.u**2 * terms * (squares @ x + b / 3)
    inverse = system.inverse**2
    if arithmetic.is_low:
        rounded = rounded + arithmetic.u**2 * terms * (squares @ inverse @ (b + squares @ x))
    spread = inverse @ e_t**2 + system.residual**2
    start = inverse @ (e_t**2 @ x + e_b**2 + rounded)
    error = xp.sqrt(fixed_point(xp, spread, start))
    found = xp.abs(system.x) + error
    reached = xp.maximum(found, xp.abs(system.t) @ found + xp.abs(system.b))
    return xp.where(_is_safe(analysis, dtype, system, e_t, reached), error, np.inf)


def _is_safe(analysis: Analysis, dtype: Any, system: _System, e_t: Array, reached: Array) -> Array:
    """Whether nothing overflows, of the sizes reached, and no reciprocal does or underflows."""
    xp, info = analysis.xp, number_range(np.dtype(dtype))
    least = diagonal(xp, xp.abs(system.t) - e_t)
    most = diagonal(xp, xp.abs(system.t) + e_t)
    held = (least >= 1 / info.most) & (most <= 1 / info.normal)
    fits = (reached <= info.most).all(-2, keepdims=True)
    if analysis.arithmetic(dtype).is_low:
        product = system.inverse @ (xp.abs(system.t) + e_t)
        fits = fits & (2 * product <= info.most).all((-1, -2), keepdims=True)
        fits = fits & (2 * system.inverse <= info.most).all((-1, -2), keepdims=True)
    return held.all(-2, keepdims=True) & fits


def custom_linear_solve(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
    """Evaluates the function that solves; the others are for its derivatives."""
    lengths, solve = eqn.params["const_lengths"], eqn.params["jaxprs"].solve
    first = lengths.matvec + lengths.vecmat
    consts: Sequence[Enclosure] = args[first : first + lengths.solve]
    return analysis.evaluate(solve, [*consts, *args[sum(lengths) :]])


ROWS = {
    **rows("linear", {"triangular_solve": triangular_solve}),
    **rows("control", {"custom_linear_solve": custom_linear_solve}),
}
