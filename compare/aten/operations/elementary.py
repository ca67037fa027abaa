"""Elementary and special functions, entry by entry."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.aten.operations.promotion import on_floats


def sinc(x: Any) -> Any:
    """Returns sin(pi x) / (pi x), and 1 with slope 0 at 0."""
    angle = np.pi * jnp.where(x == 0, 1, x)
    return jnp.where(x == 0, 1, jnp.sin(angle) / angle)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": jnp.exp,
    "exp2": jnp.exp2,
    "expm1": jnp.expm1,
    "log": jnp.log,
    "log2": jnp.log2,
    "log10": jnp.log10,
    "log1p": jnp.log1p,
    "sqrt": jnp.sqrt,
    "rsqrt": lax.rsqrt,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "tan": jnp.tan,
    "asin": jnp.arcsin,
    "acos": jnp.arccos,
    "atan": jnp.arctan,
    "atan2": jnp.arctan2,
    "sinh": jnp.sinh,
    "cosh": jnp.cosh,
    "tanh": jnp.tanh,
    "asinh": jnp.arcsinh,
    "acosh": jnp.arccosh,
    "atanh": jnp.arctanh,
    "sigmoid": lax.logistic,
    "erf": lax.erf,
    "erfc": lax.erfc,
    "erfinv": lax.erf_inv,
    "lgamma": lax.lgamma,
    "sinc": sinc,
}

OPERATIONS: dict[str, Callable[..., Any]] = {
    f"{name}.default": on_floats(function) for name, function in _FUNCTIONS.items()
}
