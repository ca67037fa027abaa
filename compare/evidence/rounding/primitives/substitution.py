"""Triangular systems in float64, with rigorous bounds of what is unknown in them.

An approximate inverse V of a lower triangular T, with |I - V T| <= R, turns T e = r into
|e| <= |V| |r| + R |e|: bounds are solutions of triangular systems themselves, without subtractions.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.arithmetic import gamma
from compare.evidence.rounding.enclosure import Analysis, Array

_U = 2.0**-53
_LEAST = 2.0**-1074
_MOST = 15 / 16  # of itself that an unknown may be bounded by
GUARD = 1 + 2.0**-30  # for what rounding does to sums and products of bounds


def substituted(xp: Any, t: Array, b: Array) -> Array:
    """Solves T x = b by substitution, with T lower triangular."""
    shape = (*np.broadcast_shapes(t.shape[:-2], b.shape[:-2]), *b.shape[-2:])
    t, b = (xp.broadcast_to(one, (*shape[:-2], *one.shape[-2:])) for one in (t, b))
    if xp is np:
        x = np.zeros(shape)
        for i in range(shape[-2]):
            known = t[..., i : i + 1, :i] @ x[..., :i, :]
            x[..., i, :] = (b[..., i, :] - known[..., 0, :]) / t[..., i, i, None]
        return x

    def step(i: Array, x: Array) -> Array:
        row = lax.dynamic_index_in_dim(t, i, -2)
        of_diagonal = lax.dynamic_index_in_dim(row, i, -1)
        made = (lax.dynamic_index_in_dim(b, i, -2) - row @ x) / of_diagonal
        return lax.dynamic_update_index_in_dim(x, made, i, -2)

    return lax.fori_loop(0, shape[-2], step, jnp.zeros(shape))


def inverted(xp: Any, t: Array) -> tuple[Array, Array]:
    """Returns |V| of an approximate inverse V of T, and a bound of |I - V T|."""
    n = t.shape[-1]
    one = xp.eye(n)
    inverse = xp.tril(substituted(xp, t, xp.broadcast_to(one, t.shape)))
    size = xp.abs(inverse)
    rounded = gamma(n + 4, _U) * (size @ xp.abs(t) + one) + 2 * n * _LEAST
    return size, xp.tril(xp.abs(one - inverse @ t) + rounded)


def fixed_point(xp: Any, spread: Array, start: Array) -> Array:
    """Returns e = spread e + start, with spread lower triangular; infinite if there is none."""
    n = spread.shape[-1]
    spread = xp.tril(spread + n * _LEAST)
    floor = xp.where((start != 0).any(-2, keepdims=True), n * _LEAST, 0.0)
    error = substituted(xp, xp.eye(n) - spread, start + floor) * (GUARD + 32 * n * n * _U)
    held = (diagonal(xp, spread) < _MOST).all(-2, keepdims=True) & (error >= 0)
    return xp.where(held, error, np.inf)


def total_gamma(analysis: Analysis, dtype: Any, n: int) -> float:
    """Bounds what n roundings cost, of the program and of the value it is held against."""
    arithmetic = analysis.arithmetic(dtype)
    own = max(gamma(n, arithmetic.u), arithmetic.dot(n)) if arithmetic.u else 0.0
    return own + gamma(n, _U)


def diagonal(xp: Any, array: Array) -> Array:
    """Returns the diagonal as a column."""
    return xp.diagonal(array, axis1=-2, axis2=-1)[..., None]
