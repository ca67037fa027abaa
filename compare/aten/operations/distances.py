"""Distances between the rows of matrices. Where one is 0 its gradient is 0."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.aten.operations.reduction import unless_zero, vector_norm

_FEW = 25  # rows: of more, torch multiplies matrices
_MULTIPLIES, _SUBTRACTS = 1, 2  # compute_mode


def distances(a: Any, b: Any, p: float, compute_mode: int | None) -> Any:
    """Returns the norm of a_i - b_j, [..., i, j], of rows a [..., i, n] and b [..., j, n]."""
    lead = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (jnp.broadcast_to(one, lead + one.shape[-2:]) for one in (a, b))
    are_many = max(a.shape[-2], b.shape[-2]) > _FEW and compute_mode != _SUBTRACTS
    if p == 2 and (are_many or compute_mode == _MULTIPLIES):
        squares = [jnp.sum(jnp.square(one), -1) for one in (a, b)]
        products = jnp.matmul(a, jnp.swapaxes(b, -1, -2))
        found = squares[0][..., :, None] + squares[1][..., None, :] - 2 * products
        return unless_zero(jnp.sqrt, jnp.where(found < 0, 0, found))
    return vector_norm(a[..., :, None, :] - b[..., None, :, :], p, -1)


def distances_within(x: Any, p: float = 2) -> Any:
    """Returns the norm of x_i - x_j for all i < j, of the rows of a matrix."""
    first, second = np.triu_indices(x.shape[0], 1)
    return vector_norm(x[first] - x[second], p, -1)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "_cdist_forward.default": distances,
    "_pdist_forward.default": distances_within,
}
