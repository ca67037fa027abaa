"""A value with a bound of its error, and what the rules of all primitives share."""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import (
    EXACT,
    Arithmetic,
    Doubled,
    ExactArithmetic,
    plain_arithmetic,
)

Array = Any  # of NumPy, or of JAX under a trace


@dataclasses.dataclass(frozen=True)
class Enclosure:
    """An exact value, and how far a computed one may be from it.

    The error of a boolean is a boolean: whether the value is uncertain.
    """

    value: Array
    error: Array
    terms: int = 0  # of the dot product that made it: a kernel may add a bias as one more of them
    flushed: bool = False  # whether the error allows for a library that reads it as 0
    among: tuple["Enclosure", ...] = ()  # if it is the larger or smaller one: of which two
    exponent: "Enclosure | None" = None  # if it is an exponential


class Analysis(NamedTuple):
    """How bounds are worked out."""

    xp: Any  # numpy, or jax.numpy under a trace
    worst: bool  # whether errors add up, or else their squares
    own: Arithmetic  # for its dtype; other dtypes have plain arithmetic

    def arithmetic(self, dtype: Any) -> Arithmetic | ExactArithmetic:
        """Returns the arithmetic in which results of a dtype are computed."""
        if not jnp.issubdtype(dtype, jnp.floating):
            return EXACT
        known = self.own if dtype == self.own.dtype else plain_arithmetic(dtype)
        return Doubled(*known) if dtype == np.float64 else known

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

    def constant(self, value: Array) -> Enclosure:
        """Takes an array as it is, and a lone number as one that the program may have rounded.

        Of 0.1, in Python, a jaxpr shows what the dtype holds, and other libraries may hold more
        digits of it. Which numbers these are is a guess: those that take more than half of the
        bits of their dtype. All libraries hold the same float64 numbers.
        """
        dtype = np.dtype(value.dtype)
        traced = isinstance(value, jax.core.Tracer)
        if traced or np.ndim(value) or not jnp.issubdtype(dtype, jnp.floating):
            return self.exact(value)
        wide = np.asarray(value, np.float64)
        known = dtype == np.float64 or _is_short(float(wide), dtype)
        error = 0.0 if known else plain_arithmetic(dtype).u * np.abs(wide)
        return Enclosure(wide, np.asarray(error))

    def cast(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that is cast to dtype first, and then exact."""
        return self.exact(self.xp.asarray(value).astype(dtype))

    def rounded(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that the program rounds to dtype, with an error of u |value|."""
        value = self.xp.asarray(value)
        wide = self.exact(value).value.astype(np.float64)
        is_held = value.astype(dtype).astype(np.float64) == wide
        error = self.xp.where(is_held, 0.0, plain_arithmetic(dtype).u * self.xp.abs(wide))
        return self.as_made(Enclosure(wide, error), dtype)

    def as_read(self, one: Enclosure, dtype: Any) -> Enclosure:
        """Allows for a library that takes a subnormal number for 0 where an operation reads it."""
        if one.flushed or not jnp.issubdtype(dtype, jnp.floating):
            return one
        return dataclasses.replace(one, error=self._underflow(one, dtype, rounds=0), flushed=True)

    def as_made(self, one: Enclosure, dtype: Any) -> Enclosure:
        """Allows for underflow and overflow of the result of an operation that rounds."""
        if not jnp.issubdtype(dtype, jnp.floating):
            return one
        xp, error = self.xp, self._underflow(one, dtype, rounds=1)
        fits = self.fits(abs(one.value) + error, dtype)
        if self.may_be(~fits):
            fits = fits | (xp.isinf(one.value) & (error == 0))  # what is infinite overflows no more
            error = xp.where(fits, error, np.inf)
        return dataclasses.replace(one, error=error, flushed=True)

    def may_vanish(self, one: Enclosure, dtype: Any, *operands: Enclosure) -> Enclosure:
        """Allows for a product or an exponential that is 0 in float64, and in truth is not."""
        xp, lost = self.xp, one.value == 0
        if not self.may_be(lost):
            return one
        for operand in operands:
            lost = lost & ((operand.value != 0) | (operand.error != 0)) & ~xp.isinf(operand.value)
        least = float(jnp.finfo(dtype).smallest_subnormal)
        return dataclasses.replace(
            one, error=xp.where(lost, xp.maximum(one.error, least), one.error)
        )

    def fits(self, size: Array, dtype: Any) -> Array:
        """Returns whether numbers of a size cannot overflow."""
        if not jnp.issubdtype(dtype, jnp.floating):
            return self.xp.ones(np.shape(size), bool)
        return size <= float(jnp.finfo(dtype).max)

    def _underflow(self, one: Enclosure, dtype: Any, *, rounds: int) -> Array:
        """Bounds the error where the computed value may be subnormal.

        It is rounded to a subnormal number, by half the smallest one, or it is flushed to 0. No
        library flushes float16. What is the smallest normal number in float64 may be less in truth.
        """
        xp, size, info = self.xp, abs(one.value), jnp.finfo(dtype)
        small = size - one.error <= float(info.smallest_normal)
        if not self.may_be(small):
            return one.error
        least = float(info.smallest_subnormal)
        half = rounds * (least / 2 or least)  # half of the smallest float64 number is 0
        rounded = one.error + half
        if dtype != np.float16:
            rounded = xp.maximum(rounded, size)
        return xp.where(small & (size + one.error > 0), rounded, one.error)

    @staticmethod
    def compiled_apart(one: Enclosure) -> Enclosure:
        """Keeps XLA from fusing the bounds of many equations into one loop.

        jaxlib 0.11.2 takes a minute to compile such a loop for the slope of silu, which LLVM
        vectorizes, and for that of gelu it does not end in ten.
        """
        if not isinstance(one.error, jax.core.Tracer):
            return one
        return dataclasses.replace(one, error=jax.lax.optimization_barrier(one.error))

    @staticmethod
    def may_be(condition: Array) -> bool:
        """Whether a condition holds somewhere, as far as that is known under a trace."""
        return not isinstance(condition, np.ndarray | np.bool_) or bool(condition.any())


def _is_short(number: float, dtype: np.dtype) -> bool:
    """Whether a number takes no more than half of the bits of its dtype, as 0, -1, 0.5, 3 do."""
    kept = (int(jnp.finfo(dtype).nmant) + 1) // 2
    fraction = np.frexp(number)[0] * 2**kept
    return bool(fraction == np.rint(fraction))
