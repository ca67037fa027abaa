"""Functions of JAX with backward passes by hand that are wrong."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from compare.selftest.modules.example import Array


def with_backward(
    f: Callable[[Array], Array], back: Callable[[Array, Array], Array]
) -> Callable[[Array], Array]:
    """Returns a function with another backward pass.

    Args:
      f: computes it.
      back: of (x, gradient of the result), the gradient of x.
    """

    @jax.custom_vjp
    def function(x: Array) -> Array:
        return f(x)

    function.defvjp(lambda x: (f(x), x), lambda x, gradient: (back(x, gradient),))
    return function


def gelu(x: Array) -> Array:
    """By erf."""
    return jax.nn.gelu(x, approximate=False)


def _slope_by_tanh(x: Array, gradient: Array) -> Array:
    (slope,) = jax.vjp(jax.nn.gelu, x)[1](gradient)
    return slope


doubled = with_backward(lambda x: x, lambda x, gradient: 2 * gradient)
halved = with_backward(lambda x: x, lambda x, gradient: gradient / 2)
gelu_with_slope_by_tanh = with_backward(gelu, _slope_by_tanh)
gelu_straight_through = with_backward(gelu, lambda x, gradient: gradient)
relu_straight_through = with_backward(jax.nn.relu, lambda x, gradient: gradient)
guided_relu = with_backward(
    jax.nn.relu, lambda x, gradient: jnp.where(x > 0, jax.nn.relu(gradient), 0)
)
