"""Products of matrices."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from compare.aten.operations.axes import axes_of
from compare.aten.operations.promotion import same_rank


def add_product(c: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """Returns beta c + alpha a b; NaN of c do not count if beta is 0."""
    return _scaled_sum(c, jnp.matmul(a, b), beta, alpha)


def add_products(c: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """Returns beta c + alpha times the sum of products over the batch."""
    return _scaled_sum(c, jnp.einsum("bij,bjk->ik", a, b), beta, alpha)


def _scaled_sum(c: Any, product: Any, beta: float, alpha: float) -> Any:
    product = product if alpha == 1 else alpha * product
    if beta == 0:
        return product
    return jnp.add(*same_rank(c if beta == 1 else beta * c, product))


def trilinear(
    a: Any,
    b: Any,
    c: Any,
    expand1: Sequence[int],
    expand2: Sequence[int],
    expand3: Sequence[int],
    sumdim: Sequence[int],
    unroll_dim: int = 1,
) -> Any:
    """Returns the sum over dimensions of a b c, each with new dimensions first."""
    given = ((a, expand1), (b, expand2), (c, expand3))
    a, b, c = (jnp.expand_dims(one, tuple(dims)) for one, dims in given)
    return jnp.sum(a * b * c, axes_of(a, sumdim))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "mm.default": jnp.matmul,
    "bmm.default": jnp.matmul,
    "mv.default": jnp.matmul,
    "dot.default": jnp.matmul,
    "addmm.default": add_product,
    "addmv.default": add_product,
    "baddbmm.default": add_product,
    "addbmm.default": add_products,
    "_trilinear.default": trilinear,
}
