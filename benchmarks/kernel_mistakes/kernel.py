"""A kernel with a backward of its own, the formula that it stands for, and mistakes to plant."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

Arrays = tuple[Any, ...]
Steps = Any  # a NamedTuple of what a mistake may replace; each kernel has its own


class Kernel(NamedTuple):
    """One kernel; its steps are passed to it, so that a mistake is a change of one of them."""

    reference: Callable[..., Any]  # of JAX, of the same arguments
    forward: Callable[..., tuple[Any, Any]]  # (steps, *args) -> result, what the backward needs
    backward: Callable[..., Arrays]  # (steps, what it needs, cotangent) -> the gradients
    wrt: tuple[int, ...]  # the arguments that have one; the first ones
    draw: Callable[..., Arrays]  # (rng, *sizes) -> args, float64 and integers
    sizes: tuple[int, ...]  # as in use
    small: tuple[int, ...]  # for what differentiates entry by entry
    right: Steps
    mistakes: Mapping[str, Steps]

    def function(self, steps: Steps) -> Callable[..., Any]:
        """Returns a JAX function of the arguments that has the kernel's own backward."""

        def forward(*args: Any) -> tuple[Any, Any]:
            result, kept = self.forward(steps, *args)
            return result, (kept, args)

        def backward(kept: Any, cotangent: Any) -> Arrays:
            gradients = self.backward(steps, kept[0], cotangent)
            return (*gradients, *(None for _ in kept[1][len(gradients) :]))

        @jax.custom_vjp
        def kernel(*args: Any) -> Any:
            return forward(*args)[0]

        kernel.defvjp(forward, backward)
        return kernel

    def arguments(self, sizes: tuple[int, ...], dtype: Any, seed: int = 0) -> Arrays:
        """Draws arguments: floating-point numbers are rounded to dtype."""
        drawn = self.draw(np.random.default_rng(seed), *sizes)
        return tuple(a.astype(dtype) if a.dtype.kind == "f" else a for a in drawn)


def results_of(function: Callable[..., Any], args: Arrays, cotangent: Any, n: int) -> Arrays:
    """Returns the result of a JAX function and the gradients of its first n arguments."""
    result, pull = jax.vjp(lambda *first: function(*first, *args[n:]), *args[:n])
    return result, *pull(cotangent)
