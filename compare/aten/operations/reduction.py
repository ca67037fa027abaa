"""Reductions along dimensions."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.aten.dtypes import default_int
from compare.aten.operations.arithmetic import absolute
from compare.aten.operations.axes import axes_of, over_dims, size_of

Dims = int | Sequence[int] | None


def total(x: Any, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Returns the sum, of integers and booleans as an integer of 64 bits."""
    return jnp.sum(_summable(x, dtype), axes_of(x, dim), keepdims=keepdim)


def product(x: Any, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Returns the product, of integers and booleans as an integer of 64 bits."""
    return jnp.prod(_summable(x, dtype), axes_of(x, dim), keepdims=keepdim)


def mean(x: Any, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Returns the mean."""
    x = x if dtype is None else x.astype(dtype)
    return jnp.mean(x, axes_of(x, dim), keepdims=keepdim)


def variance(
    x: Any, dim: Dims = None, *, correction: float | None = None, keepdim: bool = False
) -> Any:
    """Returns the sum of squared deviations from the mean over n - correction, which is 1."""
    return variance_and_mean(x, dim, correction=correction, keepdim=keepdim)[0]


def variance_and_mean(
    x: Any, dim: Dims = None, *, correction: float | None = None, keepdim: bool = False
) -> tuple[Any, Any]:
    """Returns the variance and the mean."""
    axes = axes_of(x, dim)
    centre = jnp.mean(x, axes, keepdims=True)
    squares = jnp.sum(jnp.square(x - centre), axes, keepdims=keepdim)
    degrees = max(size_of(x, axes) - (1 if correction is None else correction), 0)
    return squares / degrees, centre if keepdim else jnp.squeeze(centre, axes)


def deviation(
    x: Any, dim: Dims = None, *, correction: float | None = None, keepdim: bool = False
) -> Any:
    """Returns the root of the variance. The gradient at 0 is 0."""
    return deviation_and_mean(x, dim, correction=correction, keepdim=keepdim)[0]


def deviation_and_mean(
    x: Any, dim: Dims = None, *, correction: float | None = None, keepdim: bool = False
) -> tuple[Any, Any]:
    """Returns the root of the variance, and the mean."""
    spread, centre = variance_and_mean(x, dim, correction=correction, keepdim=keepdim)
    return unless_zero(jnp.sqrt, spread), centre


def vector_norm(
    x: Any, order: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """Returns the norm of an order. The gradient at 0 is 0."""
    x = x if dtype is None else x.astype(dtype)
    axes, sizes = axes_of(x, dim), absolute(x)
    if np.isinf(order):
        return (jnp.max if order > 0 else jnp.min)(sizes, axes, keepdims=keepdim)
    if order == 0:
        return jnp.sum((x != 0).astype(x.dtype), axes, keepdims=keepdim)
    if order == 1:
        return jnp.sum(sizes, axes, keepdims=keepdim)
    if order == 2:
        return unless_zero(jnp.sqrt, jnp.sum(jnp.square(x), axes, keepdims=keepdim))
    powers = unless_zero(lambda size: size**order, sizes)
    return unless_zero(lambda s: s ** (1 / order), jnp.sum(powers, axes, keepdims=keepdim))


def distance(a: Any, b: Any, p: float = 2) -> Any:
    """Returns the norm of a difference."""
    return vector_norm(jnp.ravel(jnp.subtract(*jnp.broadcast_arrays(a, b))), p)


def unless_zero(f: Callable[[Any], Any], x: Any) -> Any:
    """Returns f(x), and 0 with slope 0 at 0."""
    return jnp.where(x == 0, 0, f(jnp.where(x == 0, 1, x)))


def _summable(x: Any, dtype: Any) -> Any:
    if dtype is None and not jnp.issubdtype(x.dtype, jnp.floating):
        dtype = default_int()
    return x if dtype is None else x.astype(dtype)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "sum.default": total,
    "sum.dim_IntList": total,
    "prod.default": product,
    "prod.dim_int": product,
    "mean.default": mean,
    "mean.dim": mean,
    "var.correction": variance,
    "var_mean.correction": variance_and_mean,
    "std.correction": deviation,
    "std_mean.correction": deviation_and_mean,
    "var.dim": lambda x, dim, unbiased=True, keepdim=False: variance(
        x, dim, correction=int(unbiased), keepdim=keepdim
    ),
    "any.default": over_dims(jnp.any),
    "any.dim": over_dims(jnp.any),
    "any.dims": over_dims(jnp.any),
    "all.default": over_dims(jnp.all),
    "all.dim": over_dims(jnp.all),
    "all.dims": over_dims(jnp.all),
    "linalg_vector_norm.default": vector_norm,
    "dist.default": distance,
}
