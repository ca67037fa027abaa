"""Cholesky factors, whose rounding is that of a perturbed matrix.

The method gives L~ with L~ L~^T = A + dA, |dA| <= gamma_{n+1} |L~| |L~^T|, by columns, rows or
blocks (Higham, Accuracy and Stability of Numerical Algorithms, theorem 10.3).
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.primitives.substitution import (
    GUARD,
    diagonal,
    fixed_point,
    inverted,
    total_gamma,
)


def cholesky(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """With L~ = L (I + W): W + W^T + W W^T = L^-1 dA L^-T, whose lower half is that of W.

    Nothing is known if A may not be positive definite. The lower triangle alone is read and made,
    as XLA does.
    """
    xp, dtype, n = analysis.xp, eqn.outvars[0].aval.dtype, a.value.shape[-1]
    matrix, moved = _mirrored(xp, a.value), _mirrored(xp, a.error)
    factor = _factor(xp, matrix)
    inverse, residual = inverted(xp, factor)
    error = analysis.by_reading(
        lambda e_a: _worst(
            analysis, dtype, matrix, e_a, factor, fixed_point(xp, residual, inverse)
        ),
        lambda e_a: _typical(analysis, dtype, matrix, e_a, factor, inverse),
        moved,
    )
    most = diagonal(xp, matrix + moved).max((-1, -2), keepdims=True, initial=0)
    held = analysis.fits(4 * most, dtype) & xp.tri(n, dtype=bool) & ~xp.isnan(error)
    return Enclosure(factor, xp.where(held, error, np.inf))


def _worst(
    analysis: Analysis, dtype: Any, matrix: Array, e_a: Array, factor: Array, inverse: Array
) -> Array:
    """Bounds L W by a bound of |W| that the equation maps to one that is no larger.

    Such a bound holds (Brouwer's theorem), since the method has one result. Four roundings more
    than those of the theorem are for reciprocals of the diagonal and for the square root.

    Args:
      analysis: how.
      dtype: of the program.
      matrix: A.
      e_a: its error.
      factor: L.
      inverse: at least |L^-1|.
    """
    xp, n, size = analysis.xp, matrix.shape[-1], abs(factor)
    g, edge = total_gamma(analysis, dtype, n + 5), diagonal(xp, size)
    flushed = analysis.arithmetic(dtype).lam * (2 * n + edge + edge.swapaxes(-1, -2))

    def mapped(w: Array) -> Array:
        reach = size + size @ w
        sums = reach @ reach.swapaxes(-1, -2)
        busy = (sums > 0) | (matrix != 0) | (e_a != 0)
        moved = e_a + g * sums + xp.where(busy, flushed, 0.0)
        relative = inverse @ moved @ inverse.swapaxes(-1, -2)
        return GUARD * _lower_half(xp, relative + w @ w.swapaxes(-1, -2), 0.5)

    w = mapped(xp.zeros_like(size))
    for _ in range(3):
        tried = 1.1 * w
        w = mapped(tried)
    held = ((w <= tried) & (diagonal(xp, tried) < 1)).all((-1, -2), keepdims=True)
    return xp.where(held, size @ w * GUARD, np.inf)


def _typical(
    analysis: Analysis, dtype: Any, matrix: Array, e_a: Array, factor: Array, inverse: Array
) -> Array:
    """Adds up squares in place of sizes, to first order; a sum has as many terms as columns."""
    xp, n, squares = analysis.xp, matrix.shape[-1], factor**2
    terms = xp.minimum(xp.arange(1.0, n + 1)[:, None], xp.arange(1.0, n + 1))
    sums = squares @ squares.swapaxes(-1, -2) + matrix**2 / 3
    moved = e_a**2 + analysis.arithmetic(dtype).u ** 2 * terms * sums
    w = _lower_half(xp, inverse**2 @ moved @ (inverse**2).swapaxes(-1, -2), 0.25)
    held = (diagonal(xp, w) < 1 / 16).all((-1, -2), keepdims=True)
    return xp.where(held, xp.sqrt(squares @ w), np.inf)


def _mirrored(xp: Any, array: Array) -> Array:
    """Returns the symmetric matrix whose lower triangle is that of an array."""
    return xp.tril(array) + xp.tril(array, -1).swapaxes(-1, -2)


def _lower_half(xp: Any, array: Array, share: float) -> Array:
    """Returns the lower triangle, with a share of the diagonal."""
    return xp.tril(array) * xp.where(xp.eye(array.shape[-1]) == 1, share, 1.0)


def _factor(xp: Any, matrix: Array) -> Array:
    """Returns Cholesky's factor; NaN if there is none."""
    if xp is not np:
        return jnp.tril(lax.linalg.cholesky(matrix, symmetrize_input=False))
    factor = np.zeros(matrix.shape)
    for j in range(matrix.shape[-1]):
        known = factor[..., j:, :j] @ factor[..., j, :j, None]
        column = matrix[..., j:, j] - known[..., 0]
        factor[..., j:, j] = column / np.sqrt(column[..., :1])
    return factor


ROWS = rows("linear", {"cholesky": cholesky})
