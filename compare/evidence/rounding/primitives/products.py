"""Products of many numbers, over axes or of the first k entries."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.primitives.cumulative import along, counts
from compare.evidence.rounding.primitives.reduce import Along
from compare.evidence.rounding.primitives.row import rows


def reduce_prod(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """A product of n factors: see `multiplied`."""
    xp, axes = analysis.xp, tuple(eqn.params["axes"])
    n = int(np.prod([a.value.shape[i] for i in axes], dtype=int))
    return multiplied(
        analysis,
        eqn,
        a,
        lambda array: xp.prod(array, axis=axes),
        lambda array: xp.sum(array, axis=axes),
        n,
    )


def cumprod(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Products of 1, 2, ... factors: see `multiplied`."""

    def multiply(array: Array) -> Array:
        return along(analysis, eqn, "cumprod", array)

    def add(array: Array) -> Array:
        return along(analysis, eqn, "cumsum", array)

    return multiplied(analysis, eqn, a, multiply, add, counts(eqn, a.value.shape))


def multiplied(
    analysis: Analysis, eqn: Any, a: Enclosure, multiply: Along, add: Along, n: Array | int
) -> Enclosure:
    """|prod~ - prod| <= prod (|a| + e) - prod |a| + ((1 + u)^(n-1) - 1) prod (|a| + e).

    That holds in any order. The partial products of some order may be as large as the product of
    all factors above 1, and as small as that of all below 1. If the former overflows, nothing is
    known; if the latter underflows, every one of them may lose lam, which others multiply by no
    more than the former. A factor that is 0 leaves nothing to be lost. The products here are
    rounded too, by 2^-53.

    Typically relative errors of factors, and of n - 1 roundings, add up as squares.

    Args:
      analysis: how.
      eqn: whose result it is.
      a: the factors.
      multiply: multiplies them.
      add: sums numbers in the same way.
      n: how many factors a product has.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    size, later = xp.abs(a.value.astype(np.float64)), np.maximum(n - 1, 0)
    u, whole = analysis.arithmetic(dtype).u, multiply(size)
    rounded = np.expm1(later * np.log1p(u))
    own = np.expm1(3 * later * np.log1p(2.0**-53))

    def worst(error: Array) -> Array:
        reach = multiply(size + error)
        moved = xp.where(add(error) == 0, 0.0, reach - whole + own * reach)
        return xp.where(later == 0, add(error), moved + rounded * reach)

    def typical(error: Array) -> Array:
        relative = xp.where(error > 0, error / xp.where(size > 0, size, 0.0), 0.0)
        squares = add(relative**2) + later * u**2
        known = xp.isfinite(squares) & xp.isfinite(whole) & (later > 0)
        return xp.where(known, xp.minimum(worst(error), whole * xp.sqrt(squares)), worst(error))

    error = analysis.by_reading(worst, typical, a.error)
    lost = analysis.each(
        lambda error: _lost(analysis, dtype, size, error, multiply, later), a.error
    )
    return Enclosure(multiply(a.value), error + xp.where(later == 0, 0.0, lost))


def _lost(
    analysis: Analysis, dtype: Any, size: Array, error: Array, multiply: Along, later: Array | int
) -> Array:
    """Returns what partial products may lose that underflow; infinite if one may overflow."""
    xp, arithmetic = analysis.xp, analysis.arithmetic(dtype)
    most = multiply(xp.maximum(size + error, 1.0))
    fits = analysis.fits(most * np.exp(later * np.log1p(arithmetic.u)), dtype)
    if not is_float(dtype):
        return xp.where(fits, 0.0, np.inf)
    least = multiply(xp.clip(size - error, 0.0, 1.0)) * np.exp(later * np.log1p(-arithmetic.u))
    small = least <= float(jnp.finfo(dtype).smallest_normal)
    some = multiply(1.0 * (size + error > 0)) > 0
    return xp.where(fits, xp.where(small & some, later * arithmetic.lam * most, 0.0), np.inf)


ROWS = rows("linear", {"reduce_prod": reduce_prod, "cumprod": cumprod})
