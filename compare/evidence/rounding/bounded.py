"""A value with a bound of its error, and what the rules of all primitives share."""

import dataclasses
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import EXACT, Arithmetic, Exact, plain_arithmetic

Array = Any  # of NumPy, or of JAX under a trace


@dataclasses.dataclass(frozen=True)
class Bounded:
    """A value, and how far a computed one may be from it.

    For a boolean, `error` says where it is uncertain. `terms` is the length of the dot product
    that made the value: kernels add a bias as one more term, first or last.
    """

    value: Array
    error: Array
    terms: int = 0


class Analysis(NamedTuple):
    """How bounds are worked out."""

    xp: Any  # numpy, or jax.numpy under a trace
    worst: bool  # the reading
    own: Arithmetic  # of floats of its dtype; all others have the plain one

    def arithmetic(self, eqn: Any) -> Arithmetic | Exact:
        """How an equation computes."""
        dtype = eqn.outvars[0].aval.dtype
        if not jnp.issubdtype(dtype, jnp.floating):
            return EXACT
        return self.own if dtype == self.own.dtype else plain_arithmetic(dtype)

    def total(self, *errors: Array) -> Array:
        """Adds independent errors: their sum, or the root of the sum of their squares."""
        if self.worst:
            return sum(errors)
        return self.xp.sqrt(sum(error * error for error in errors))

    def exact(self, value: Array) -> Bounded:
        """Takes a value as it is; floats become float64."""
        value = self.xp.asarray(value)
        if value.dtype == bool:
            return Bounded(value, self.xp.zeros(value.shape, bool))
        wide = value.astype(np.float64) if jnp.issubdtype(value.dtype, jnp.floating) else value
        return Bounded(wide, self.xp.zeros(value.shape))

    def cast(self, value: Array, dtype: np.dtype) -> Bounded:
        """Takes a value of which only what is left in dtype is meant."""
        return self.exact(self.xp.asarray(value).astype(dtype))

    def rounded(self, value: Array, dtype: np.dtype) -> Bounded:
        """Takes a value that is rounded to dtype on its way in: by u |value|, or flushed."""
        value = self.xp.asarray(value)
        plain, wide = plain_arithmetic(dtype), self.exact(value).value.astype(np.float64)
        error = plain.u * self.xp.abs(wide) + plain.lam
        error = self.xp.where(value.astype(dtype).astype(np.float64) == wide, 0.0, error)
        return self.within_range(Bounded(wide, error), dtype)

    def within_range(self, one: Bounded, dtype: Any) -> Bounded:
        """Says nothing of a value that may have overflowed in its dtype."""
        if not jnp.issubdtype(dtype, jnp.floating):
            return one
        fits = self.xp.abs(one.value) + one.error <= float(jnp.finfo(dtype).max)
        return dataclasses.replace(one, error=self.xp.where(fits, one.error, np.inf))
