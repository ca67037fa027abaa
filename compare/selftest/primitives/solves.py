"""Triangular systems and Cholesky factors of four rows."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import torch
from jax import lax

from compare.selftest.primitives.base import Array, Primitive

N = 4  # rows


def _small(xp: Any, a: Array) -> Array:
    return xp.where(xp.abs(a) <= 1, a, 1 / a)


def _lower(xp: Any, a: Array, diagonal: float) -> Array:
    """Makes a lower triangular matrix whose entries are 1 at most, but for the diagonal."""
    return xp.tril(_small(xp, a), -1) + diagonal * xp.eye(N, dtype=a.dtype)[None]


def _symmetric(xp: Any, a: Array) -> Array:
    """Makes a positive definite matrix."""
    lower = xp.tril(_small(xp, a), -1)
    return lower + xp.swapaxes(lower, -1, -2) + 2 * N * xp.eye(N, dtype=a.dtype)[None]


def _stacked(xp: Any, rows: list[Array]) -> Array:
    return torch.stack(rows, -2) if xp is torch else np.stack(rows, -2)


def _by_rows(xp: Any, t: Array, b: Array) -> Array:
    """Substitutes, with operations of the dtype."""
    x: list[Array] = []
    for i in range(N):
        left = b[..., i, :]
        for j in range(i):
            left = left - t[..., i, j, None] * x[j]
        x.append(left / t[..., i, i, None])
    return _stacked(xp, x)


def _turned(xp: Any, a: Array, b: Array) -> Array:
    """Solves X U = B, of which the transpose is a system with a lower triangular matrix."""
    t = _lower(xp, xp.swapaxes(a, -1, -2), 1.0)
    return xp.swapaxes(_by_rows(xp, t, xp.swapaxes(b, -1, -2)), -1, -2)


def _by_torch(t: Array, b: Array) -> Array:
    if t.dtype in (torch.float32, torch.float64):
        return torch.linalg.solve_triangular(t, b, upper=False)
    return _by_rows(torch, t, b)


def _from_the_left(t: Array, b: Array) -> Array:
    return lax.linalg.triangular_solve(t, b, left_side=True, lower=True)


def _factor(xp: Any, m: Array) -> Array:
    """Returns Cholesky's factor, with operations of the dtype."""
    zero = xp.zeros_like(m[..., 0, 0])
    rows = [[zero] * N for _ in range(N)]
    for i in range(N):
        for j in range(i + 1):
            left = m[..., i, j]
            for k in range(j):
                left = left - rows[i][k] * rows[j][k]
            rows[i][j] = xp.sqrt(left) if i == j else left / rows[j][j]
    last = [torch.stack(row, -1) if xp is torch else np.stack(row, -1) for row in rows]
    return _stacked(xp, last)


def _factor_by_jax(a: Array, b: Array) -> Array:
    """Factors in float32 what XLA does not factor: bfloat16 and float16."""
    m = _symmetric(jnp, a)
    wide = m.astype(np.float32) if a.dtype.itemsize == 2 else m
    return lax.linalg.cholesky(wide, symmetrize_input=False).astype(a.dtype)


def _factor_by_numpy(a: Array, b: Array) -> Array:
    m = _symmetric(np, a)
    return _factor(np, m.astype(np.float32) if a.dtype.itemsize == 2 else m).astype(a.dtype)


def _factor_by_torch(a: Array, b: Array) -> Array:
    m = _symmetric(torch, a)
    wide = m.float() if a.dtype.itemsize == 2 else m
    return torch.linalg.cholesky_ex(wide)[0].to(a.dtype)


def _divisor(xp: Any, b: Array) -> Array:
    return xp.where(b > 1, 3.0, 2.0)


def _divided(a: Array, b: Array) -> Array:
    d = _divisor(jnp, b).astype(a.dtype)
    return lax.custom_linear_solve(lambda x: x * d, a, lambda _, y: y / d)


SOLVES: dict[str, Primitive] = {
    "triangular_solve": Primitive(
        lambda a, b: _from_the_left(_lower(jnp, a, 2.0), b),
        lambda a, b: _by_rows(np, _lower(np, a, 2.0), b),
        by_numpy=lambda a, b: _by_rows(np, _lower(np, a, 2.0), b),
        by_torch=lambda a, b: _by_torch(_lower(torch, a, 2.0), b),
        shape=(-1, N, N),
    ),
    "triangular_solve, of all scales": Primitive(
        _from_the_left,
        lambda a, b: _by_rows(np, a, b),
        by_numpy=lambda a, b: _by_rows(np, a, b),
        by_torch=lambda a, b: _by_torch(torch.tril(a), b),
        shape=(-1, N, N),
    ),
    "triangular_solve, of the other side": Primitive(
        lambda a, b: lax.linalg.triangular_solve(
            jnp.swapaxes(_small(jnp, a), -1, -2),
            b,
            lower=True,
            transpose_a=True,
            unit_diagonal=True,
        ),
        lambda a, b: _turned(np, a, b),
        by_numpy=lambda a, b: _turned(np, a, b),
        by_torch=lambda a, b: _turned(torch, a, b),
        shape=(-1, N, N),
    ),
    "cholesky": Primitive(
        _factor_by_jax,
        lambda a, b: _factor(np, _symmetric(np, a)),
        by_numpy=_factor_by_numpy,
        by_torch=_factor_by_torch,
        shape=(-1, N, N),
    ),
    "custom_linear_solve": Primitive(
        _divided,
        lambda a, b: a / _divisor(np, b),
        by_torch=lambda a, b: a / _divisor(torch, b).to(a.dtype),
    ),
}
