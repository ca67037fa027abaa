"""Activations and softmax. Their slopes at kinks are those of torch: 0 from the left of relu."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.aten.operations.axes import axis_of


def gelu(x: Any, *, approximate: str = "none") -> Any:
    """Returns x Phi(x), by erf as torch computes it, or by tanh where that is asked for.

    In the tail 1 + erf cancels, so that its rounding is that of 1 and not of Phi.
    """
    if approximate == "tanh":
        return jax.nn.gelu(x, approximate=True)
    return x * 0.5 * (1 + jax.lax.erf(x * np.sqrt(0.5).astype(x.dtype)))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """Returns x where that is positive, else a share of it."""
    return jnp.where(x > 0, x, negative_slope * x)


def elu(x: Any, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Any:
    """Returns scale x, or scale alpha (exp(input_scale x) - 1) where x is not positive."""
    below = jnp.where(x > 0, 0, x)  # so that exp does not overflow above
    return jnp.where(x > 0, scale * x, scale * alpha * jnp.expm1(input_scale * below))


def hardtanh(x: Any, low: float = -1, high: float = 1) -> Any:
    """Returns x within bounds. At a bound the slope is 0."""
    return jnp.where(x <= low, low, jnp.where(x >= high, high, x))


def celu(x: Any, alpha: float = 1) -> Any:
    """Returns x, or alpha (exp(x / alpha) - 1) where x is not positive."""
    return elu(x, alpha, 1, 1 / alpha)


def softplus(x: Any, beta: float = 1, threshold: float = 20) -> Any:
    """Returns log(1 + exp(beta x)) / beta, and x where beta x is beyond the threshold."""
    is_large = x * beta > threshold
    small = jnp.where(is_large, 0, x)  # so that exp does not overflow
    return jnp.where(is_large, x, jnp.log1p(jnp.exp(beta * small)) / beta)


def mish(x: Any) -> Any:
    """Returns x tanh(log(1 + exp(x)))."""
    return x * jnp.tanh(softplus(x))


def hardsigmoid(x: Any) -> Any:
    """Returns x / 6 + 1 / 2 within 0 and 1. Where it becomes 0 or 1 the slope is 0."""
    return jnp.where(x <= -3, 0, jnp.where(x >= 3, 1, (x + 3) / 6))


def hardswish(x: Any) -> Any:
    """Returns x times its hardsigmoid. The slope is 0 at -3, and 1 at 3."""
    return jnp.where(x <= -3, 0, jnp.where(x >= 3, x, x * (x + 3) / 6))


def softmax(x: Any, dim: int, half_to_float: bool) -> Any:
    """Returns exp(x) over its sum along a dimension."""
    return _along(jax.nn.softmax, x, dim, half_to_float)


def safe_softmax(x: Any, dim: int, dtype: Any = None) -> Any:
    """Returns the softmax; 0, with slope 0, where all entries along the dimension are -inf."""
    x = x if dtype is None else x.astype(dtype)
    is_masked = jnp.all(jnp.isneginf(x), axis_of(x, dim), keepdims=True)
    return jnp.where(is_masked, 0, softmax(jnp.where(is_masked, 0, x), dim, False))


def log_softmax(x: Any, dim: int, half_to_float: bool) -> Any:
    """Returns the logarithm of the softmax."""
    return _along(jax.nn.log_softmax, x, dim, half_to_float)


def _along(f: Callable[..., Any], x: Any, dim: int, half_to_float: bool) -> Any:
    wide = x.astype(jnp.float32) if half_to_float else x
    return f(jnp.atleast_1d(wide), axis=axis_of(x, dim)).reshape(x.shape)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "relu.default": jax.nn.relu,
    "leaky_relu.default": leaky_relu,
    "elu.default": elu,
    "hardtanh.default": hardtanh,
    "celu.default": celu,
    "softplus.default": softplus,
    "mish.default": mish,
    "hardsigmoid.default": hardsigmoid,
    "hardswish.default": hardswish,
    "gelu.default": gelu,
    "_safe_softmax.default": safe_softmax,
    "_softmax.default": softmax,
    "_log_softmax.default": log_softmax,
}
