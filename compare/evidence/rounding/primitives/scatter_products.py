"""Entries that are multiplied."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.primitives.scatter_sums import gammas
from compare.evidence.rounding.primitives.targets import Targets, targets, written

_OWN = 4 * 2.0**-53  # for every product: what the bound itself is rounded by


def scatter_mul(
    analysis: Analysis, eqn: Any, a: Enclosure, index: Enclosure, b: Enclosure
) -> Enclosure:
    """|prod~ - prod| <= (1 + gamma_n) prod (|a| + e) - |prod|, in any order.

    n + 1 counts the factors that are no powers of two. Nothing is known where a number whose place
    rounding may change can be.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    target = targets(analysis, eqn, a, index)
    value = written("mul", a.value, target.places, b.value)
    size = xp.abs(value.astype(np.float64))
    sizes = [xp.abs(one.value.astype(np.float64)) for one in (a, b)]
    n = analysis.each(lambda *errors: _inexact(xp, target, sizes, errors), a.error, b.error)
    u = analysis.arithmetic(dtype).u

    def worst(e_a: Array, e_b: Array, n: Array) -> Array:
        reached = written("mul", sizes[0] + e_a, target.places, sizes[1] + e_b)
        own = xp.where(reached == size, 0.0, _OWN * target.times())
        return reached - size + (gammas(xp, n, u) + own) * reached

    def typical(e_a: Array, e_b: Array, n: Array) -> Array:
        parts = (xp.where(e == 0, 0.0, e / s) for e, s in zip((e_a, e_b), sizes, strict=True))
        old, new = (part**2 for part in parts)
        squares = written("add", old, target.places, new)
        small = squares < 0.25
        spread = size * xp.sqrt(xp.where(small, squares, 0.0) + n * u**2)
        return xp.where(small, spread, worst(e_a, e_b, n))

    error = analysis.by_reading(worst, typical, a.error, b.error, n)
    lost, fits = _on_the_way(analysis, dtype, target, sizes, value, a.error, b.error)
    strays = analysis.each(target.strays, target.uncertain)
    error = xp.where(fits & ~strays, error + lost, np.inf)
    return Enclosure(value, xp.where((target.times() == 0) & ~strays, a.error, error))


def _inexact(xp: Any, target: Targets, sizes: list[Array], errors: tuple[Array, ...]) -> Array:
    """Returns how many products of an entry are rounded: none with a power of two."""
    old, new = (
        1.0 * ((xp.frexp(size)[0] != 0.5) | (error != 0))
        for size, error in zip(sizes, errors, strict=True)
    )
    return xp.maximum(written("add", old, target.places, new) - 1, 0)


def _on_the_way(
    analysis: Analysis,
    dtype: Any,
    target: Targets,
    sizes: list[Array],
    value: Array,
    *errors: Array,
) -> tuple[Array, Array]:
    """Returns what products on the way may lose to underflow, and whether they cannot overflow.

    One that underflows loses lam, which then is multiplied with no more than all factors above 1
    together. Where a factor is exactly 0 nothing is lost.
    """
    xp, arithmetic = analysis.xp, analysis.arithmetic(dtype)

    def above_one(e_a: Array, e_b: Array) -> Array:
        old, new = (xp.maximum(s + e, 1) for s, e in zip(sizes, (e_a, e_b), strict=True))
        return written("mul", old, target.places, new)

    def is_zero(e_a: Array, e_b: Array) -> Array:
        old, new = (1.0 * (s + e == 0) for s, e in zip(sizes, (e_a, e_b), strict=True))
        return written("max", old, target.places, new) > 0

    grown, zero = analysis.each(above_one, *errors), analysis.each(is_zero, *errors)
    lost = xp.maximum(target.times() - 1, 0) * arithmetic.lam * grown
    if is_float(dtype):
        least = float(jnp.finfo(dtype).smallest_subnormal)
        lost = xp.where(value == 0, xp.maximum(lost, least), lost)
    fits = analysis.fits(grown * (1 + gammas(xp, target.times(), arithmetic.u)), dtype)
    return xp.where(zero, 0.0, lost), fits


ROWS = rows("linear", {"scatter-mul": scatter_mul})
