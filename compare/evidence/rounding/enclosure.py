"""A value with a bound of its error, and what the rules of all primitives share."""

import dataclasses
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import (
    EXACT,
    Arithmetic,
    ExactArithmetic,
    plain_arithmetic,
)

Array = Any  # of NumPy, or of JAX under a trace


@dataclasses.dataclass(frozen=True)
class Enclosure:
    """An exact value, and how far a computed one may be from it.

    The error of a boolean is a boolean: whether the value is uncertain. `terms` is the length of
    the dot product that made the value, or 0: a kernel may add a bias as one more of its terms.
    """

    value: Array
    error: Array
    terms: int = 0


class Analysis(NamedTuple):
    """How bounds are worked out."""

    xp: Any  # numpy, or jax.numpy under a trace
    worst: bool  # whether errors add up, or else their squares
    own: Arithmetic  # for its dtype; other dtypes have plain arithmetic

    def arithmetic(self, eqn: Any) -> Arithmetic | ExactArithmetic:
        """Returns the arithmetic in which an equation is computed."""
        dtype = eqn.outvars[0].aval.dtype
        if not jnp.issubdtype(dtype, jnp.floating):
            return EXACT
        return self.own if dtype == self.own.dtype else plain_arithmetic(dtype)

    def total(self, *errors: Array) -> Array:
        """Returns the sum of errors, or the root of the sum of their squares."""
        if self.worst:
            return sum(errors)
        return self.xp.sqrt(sum(error * error for error in errors))

    def exact(self, value: Array) -> Enclosure:
        """Takes a value as it is, without an error; floats become float64."""
        value = self.xp.asarray(value)
        if value.dtype == bool:
            return Enclosure(value, self.xp.zeros(value.shape, bool))
        wide = value.astype(np.float64) if jnp.issubdtype(value.dtype, jnp.floating) else value
        return Enclosure(wide, self.xp.zeros(value.shape))

    def cast(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that is cast to dtype first, and then exact."""
        return self.exact(self.xp.asarray(value).astype(dtype))

    def rounded(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that the program rounds to dtype, with an error of u |value| + lam."""
        value = self.xp.asarray(value)
        plain, wide = plain_arithmetic(dtype), self.exact(value).value.astype(np.float64)
        error = plain.u * self.xp.abs(wide) + plain.lam
        error = self.xp.where(value.astype(dtype).astype(np.float64) == wide, 0.0, error)
        return self.within_range(Enclosure(wide, error), dtype)

    def within_range(self, one: Enclosure, dtype: Any) -> Enclosure:
        """Makes the error infinite where the value may overflow in its dtype."""
        if not jnp.issubdtype(dtype, jnp.floating):
            return one
        fits = self.xp.abs(one.value) + one.error <= float(jnp.finfo(dtype).max)
        return dataclasses.replace(one, error=self.xp.where(fits, one.error, np.inf))
