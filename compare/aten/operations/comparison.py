"""Comparisons, logic and bits, entry by entry."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from compare.aten.operations.promotion import on_promoted, promoted, same_rank


def choose(condition: Any, a: Any, b: Any) -> Any:
    """Returns a where a condition holds, and b elsewhere."""
    a, b = promoted(a, b)
    return jnp.where(*same_rank(condition.astype(bool), a, b))


def _logical(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *operands: f(*same_rank(*(one.astype(bool) for one in operands)))


_COMPARISONS: dict[str, Callable[..., Any]] = {
    "eq": jnp.equal,
    "ne": jnp.not_equal,
    "lt": jnp.less,
    "le": jnp.less_equal,
    "gt": jnp.greater,
    "ge": jnp.greater_equal,
    "bitwise_and": jnp.bitwise_and,
    "bitwise_or": jnp.bitwise_or,
    "bitwise_xor": jnp.bitwise_xor,
}

OPERATIONS: dict[str, Callable[..., Any]] = {
    **{
        f"{name}.{overload}": on_promoted(function)
        for name, function in _COMPARISONS.items()
        for overload in ("Tensor", "Scalar")
    },
    "logical_and.default": _logical(jnp.logical_and),
    "logical_or.default": _logical(jnp.logical_or),
    "logical_xor.default": _logical(jnp.logical_xor),
    "logical_not.default": _logical(jnp.logical_not),
    "bitwise_not.default": jnp.bitwise_not,
    "bitwise_left_shift.Tensor": on_promoted(jnp.left_shift),
    "bitwise_right_shift.Tensor": on_promoted(jnp.right_shift),
    "isnan.default": jnp.isnan,
    "isinf.default": jnp.isinf,
    "signbit.default": jnp.signbit,
    "where.self": choose,
}
