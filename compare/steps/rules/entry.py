"""One array of weights in the midst of a step."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = Any


def numpy_of(array: Array) -> Any:
    """Returns the NumPy that an array is of: JAX's, or NumPy itself, where nothing is traced."""
    return np if isinstance(array, np.ndarray | np.generic) else jnp


def widened(dtype: Any) -> Any:
    """Returns float32 in the place of a dtype that has fewer digits."""
    return dtype if dtype.itemsize >= 4 else jnp.dtype(jnp.float32)


class Entry:
    """What the formulas of a rule read, and the state that they make.

    A number such as a learning rate is held in float32 at least, and rounded once: torch works it
    out in float64, optax in float32.

    Attributes:
      weight: before the step.
      gradient: after clipping, with the weight decay that is coupled.
      xp: the NumPy that computes with them.
    """

    def __init__(
        self,
        weight: Array,
        gradient: Array,
        count: Array,
        before: Mapping[str, Array],
        recorded: Mapping[str, Array],
    ) -> None:
        """Starts a step.

        Args:
          weight: before the step.
          gradient: what the weights are to follow downwards.
          count: t, a whole number from 1 on.
          before: slot -> the state before the step; 0 where it is missing.
          recorded: slot -> the state after the step, as a run had it.
        """
        self.weight, self.gradient, self.xp = weight, gradient, numpy_of(weight)
        self._count, self._before, self._recorded = count, before, recorded
        self.after: dict[str, Array] = {}
        # rounds whatever it is multiplied by
        self._one = (count - count + 1).astype(widened(weight.dtype))

    def scalar(self, value: float) -> Array:
        """Returns a number as a program holds it, once it is rounded."""
        return self._one * value

    def times(self, value: float | Array, array: Array) -> Array:
        """Multiplies an array by a number."""
        held = self.scalar(value) if isinstance(value, float | int) else value
        return held.astype(array.dtype) * array

    def is_first(self, slot: str) -> bool:
        """Whether there was no state yet."""
        return slot not in self._before

    def before(self, slot: str) -> Array:
        """Returns the state before the step."""
        return self._before.get(slot, self.xp.zeros_like(self.weight))

    def keep(self, slot: str, value: Array) -> Array:
        """Makes new state, and returns that which the step goes on with."""
        self.after[slot] = value
        return self._recorded.get(slot, value)

    def average(self, slot: str, beta: float, new: Array) -> Array:
        """Makes beta times the state, and 1 - beta times what is new."""
        kept = self.times(beta, self.before(slot))
        return self.keep(slot, kept + self.times(1 - self.scalar(beta), new))

    def correction(self, beta: float, shift: int) -> Array:
        """Returns 1 - beta^t, by which an average that started at 0 is too small."""
        power = np.power if self.xp is np else jax.lax.pow
        return 1 - power(self.scalar(beta), self._count + shift)

    def steps_before(self) -> Array:
        """Returns t - 1."""
        return (self._count - 1).astype(self._one.dtype)
