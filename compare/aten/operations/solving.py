"""Triangular systems and Cholesky factors."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax


def cholesky(x: Any, *, upper: bool = False, check_errors: bool = False) -> tuple[Any, Any]:
    """Returns the factor of a symmetric matrix, and 0: that it has one."""
    factor = lax.linalg.cholesky(x)
    done = jnp.zeros(x.shape[:-2], jnp.int32)
    return jnp.swapaxes(factor, -1, -2) if upper else factor, done


def solve_triangular(
    a: Any, b: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """Returns x of a x = b, or of x a = b if not `left`, where half of a counts."""
    lead = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (jnp.broadcast_to(one, lead + one.shape[-2:]) for one in (a, b))
    return lax.linalg.triangular_solve(
        a, b, left_side=left, lower=not upper, unit_diagonal=unitriangular
    )


OPERATIONS: dict[str, Callable[..., Any]] = {
    "linalg_cholesky_ex.default": cholesky,
    "linalg_solve_triangular.default": solve_triangular,
}
