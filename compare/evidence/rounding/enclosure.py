"""A value with a bound of its error, and what the rules of all primitives share."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import (
    EXACT,
    Arithmetic,
    Doubled,
    ExactArithmetic,
    number_range,
    plain_arithmetic,
)
from compare.evidence.rounding.interpreter import prepared

Array = Any  # of NumPy, or of JAX under a trace
Equation = Any
READINGS = ("worst", "typical")
_KNOWN = (np.ndarray, np.bool_)  # under a trace, what a condition may be beside a tracer


class Winners(NamedTuple):
    """Of the largest or smallest entries of an array: where it is uncertain which these are."""

    of: Array  # the values that were chosen among
    uncertain: Array  # [readings, *shape of them]


@dataclasses.dataclass(frozen=True)
class Enclosure:
    """An exact value, and how far a computed one may be from it.

    Attributes:
      value: float64, or of its own dtype if that is no float.
      error: [readings, *shape of value], not negative. That of a boolean is a boolean: whether the
        value is uncertain. It is 0 where the value is exact, and infinite where nothing is known.
      terms: of the dot product that made it: a kernel may add a bias as one more of them.
      flushed: whether the error allows for a library that reads it as 0.
      among: if it is the larger or smaller one of two numbers: of which two.
      winners: if it is the largest or smallest entry of an array: of which.
      exponent: if it is an exponential: of what.
      moved: the error of a sum before it was rounded, by which it may overflow.
    """

    value: Array
    error: Array
    terms: int = 0
    flushed: bool = False
    among: tuple["Enclosure", ...] = ()
    winners: Winners | None = None
    exponent: "Enclosure | None" = None
    moved: Array | None = None


@dataclasses.dataclass(frozen=True)
class Analysis:
    """How bounds are worked out.

    Attributes:
      xp: numpy, or jax.numpy under a trace.
      readings: those of 'worst' and 'typical' that are worked out, in this order.
      own: the arithmetic of its dtype; other dtypes have plain arithmetic.
      apply: evaluates an equation, given this analysis, the equation and its operands.
      rounds: whether operations round at all, or else are exact.
      within: makes of a call the context in which its function is evaluated.
    """

    xp: Any
    readings: tuple[str, ...]
    own: Arithmetic
    apply: Callable[["Analysis", Equation, Sequence[Enclosure]], Sequence[Enclosure]]
    rounds: bool = True
    within: Callable[[Equation], AbstractContextManager[object]] = contextlib.nullcontext

    def evaluate(self, closed: Any, operands: Sequence[Enclosure]) -> list[Enclosure]:
        """Evaluates a jaxpr."""
        return self.function(closed)(operands)

    def function(self, closed: Any) -> Callable[[Sequence[Enclosure]], list[Enclosure]]:
        """Returns a jaxpr as a function, such as the body of a loop, which is evaluated often."""
        apply = functools.partial(self.apply, self)
        return prepared(closed, constant=self.constant, apply=apply, within=self.within)

    def arithmetic(self, dtype: Any) -> Arithmetic | ExactArithmetic:
        """Returns the arithmetic in which results of a dtype are computed."""
        if not self.rounds or not is_float(dtype):
            return EXACT
        known = self.own if dtype == self.own.dtype else plain_arithmetic(dtype)
        return Doubled(*known) if known.dtype == np.float64 else known

    # ---- readings ----

    def each(self, function: Callable[..., Array], *errors: Array) -> Array:
        """Applies a function of arrays to the errors of every reading."""
        return self.by_reading(function, function, *errors)

    def by_reading(
        self, worst: Callable[..., Array], typical: Callable[..., Array], *errors: Array
    ) -> Array:
        """Applies one function to errors of the reading 'worst', another to the 'typical' ones."""
        made = [
            (worst if reading == "worst" else typical)(*(error[i] for error in errors))
            for i, reading in enumerate(self.readings)
        ]
        if len(made) == 1:
            return made[0][None]
        return np.array(made) if self.xp is np else self.xp.stack(made)

    def total(self, *errors: Array) -> Array:
        """Returns the sum of errors, and for 'typical' the root of the sum of their squares.

        One of them at least is of every reading; another may be the same in all.
        """
        made: Array = sum(errors)
        if self.readings == ("worst",):
            return made
        typical = (error[-1] if np.ndim(error) == made.ndim else error for error in errors)
        root = self.xp.sqrt(sum(error * error for error in typical))  # the last one of readings
        if self.xp is not np:
            return made.at[-1].set(root)
        made[-1] = root
        return made

    def no_error(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """Returns the error of exact values, or of booleans that are certain."""
        kind = bool if is_bool(dtype) else np.float64
        return self.xp.broadcast_to(self.xp.zeros((), kind), (len(self.readings), *shape))

    def unknown(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """Returns the error of values of which nothing is known."""
        most = self.xp.asarray(True if is_bool(dtype) else np.inf)
        return self.xp.broadcast_to(most, (len(self.readings), *shape))

    # ---- what comes in ----

    def exact(self, value: Array) -> Enclosure:
        """Takes a value as it is, without an error; floats become float64, keys stay keys."""
        if jnp.issubdtype(getattr(value, "dtype", np.float64), jax.dtypes.extended):
            return Enclosure(value, self.no_error(value.shape))
        value = self.xp.asarray(value)
        wide = value.astype(np.float64) if is_float(value.dtype) else value
        return Enclosure(wide, self.no_error(value.shape, value.dtype))

    def constant(self, value: Array) -> Enclosure:
        """Takes an array as it is, and a lone number as one that the program may have rounded.

        Of 0.1, in Python, a jaxpr shows what the dtype holds, and other libraries may hold more
        digits of it. Which numbers these are is a guess: those that take more than half of the
        bits of their dtype, but for the largest. All libraries hold the same float64 numbers.
        """
        dtype = value.dtype
        traced = isinstance(value, jax.core.Tracer)
        if traced or np.ndim(value) or not is_float(dtype) or not self.rounds:
            return self.exact(value)
        wide = np.asarray(value, np.float64)
        known = dtype == np.float64 or _is_known(float(wide), dtype)
        error = 0.0 if known else plain_arithmetic(dtype).u * np.abs(wide)
        return Enclosure(wide, self.no_error(()) + error)

    def cast(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that is cast to dtype first, and then exact."""
        return self.exact(self.xp.asarray(value).astype(dtype))

    def rounded(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that the program rounds to dtype, with an error of u |value|."""
        value = self.xp.asarray(value)
        wide = self.exact(value).value.astype(np.float64)
        is_held = value.astype(dtype).astype(np.float64) == wide
        error = self.xp.where(is_held, 0.0, plain_arithmetic(dtype).u * self.xp.abs(wide))
        return self.as_made(Enclosure(wide, self.no_error(wide.shape) + error), dtype)

    # ---- underflow and overflow ----

    def as_read(self, one: Enclosure, dtype: Any) -> Enclosure:
        """Allows for a library that takes a subnormal number for 0 where an operation reads it."""
        if one.flushed or not is_float(dtype) or not self.rounds:
            return one
        return dataclasses.replace(one, error=self._underflow(one, dtype, rounds=0), flushed=True)

    def as_made(self, one: Enclosure, dtype: Any) -> Enclosure:
        """Allows for underflow and overflow of the result of an operation that rounds."""
        if is_bool(dtype) or jnp.issubdtype(dtype, jax.dtypes.extended):
            return one
        xp, error = self.xp, one.error
        if is_float(dtype):
            error = self._underflow(one, dtype, rounds=1)
        if one.moved is None:
            fits = self.fits(abs(one.value) + error, dtype)
        else:  # rounding to nearest overflows from half an ulp above the largest number on
            reach = abs(one.value) + one.moved
            fits = self.fits(reach, dtype) | (reach < number_range(dtype).held)
        if not self.is_sure(fits):
            fits = fits | (xp.isinf(one.value) & (error == 0))  # what is infinite overflows no more
            error = xp.where(fits, error, np.inf)
        return Enclosure(one.value, error, one.terms, True, one.among, one.winners, one.exponent)

    def may_vanish(self, one: Enclosure, dtype: Any, *operands: Enclosure) -> Enclosure:
        """Allows for a product or an exponential that is 0 in float64, and in truth is not."""
        xp, lost = self.xp, one.value == 0
        if not self.may_be(lost):
            return one
        for operand in operands:
            lost = lost & ((operand.value != 0) | (operand.error != 0)) & ~xp.isinf(operand.value)
        least = number_range(dtype).subnormal
        return dataclasses.replace(
            one, error=xp.where(lost, xp.maximum(one.error, least), one.error)
        )

    def fits(self, size: Array, dtype: Any) -> Array:
        """Returns whether numbers of a size cannot overflow."""
        if is_float(dtype):
            return size <= number_range(dtype).most
        return size <= float(jnp.iinfo(dtype).max)

    def _underflow(self, one: Enclosure, dtype: Any, *, rounds: int) -> Array:
        """Bounds the error where the computed value may be subnormal.

        It is rounded to a subnormal number, by half the smallest one, or it is flushed to 0. No
        library flushes float16. What is the smallest normal number in float64 may be less in truth.
        """
        xp, size, info = self.xp, abs(one.value), number_range(dtype)
        large = size - one.error > info.normal
        if not self.rounds or self.is_sure(large):
            return one.error
        half = rounds * (info.subnormal / 2 or info.subnormal)  # float64 has no half of its own
        rounded = one.error + half
        if dtype != np.float16:
            rounded = xp.maximum(rounded, size)
        return xp.where(~large & (size + one.error > 0), rounded, one.error)

    @staticmethod
    def may_be(condition: Array) -> bool:
        """Whether a condition holds somewhere, as far as that is known under a trace."""
        return not isinstance(condition, _KNOWN) or bool(condition.any())

    @staticmethod
    def is_sure(condition: Array) -> bool:
        """Whether a condition holds everywhere, as far as that is known under a trace."""
        return isinstance(condition, _KNOWN) and bool(condition.all())


@functools.lru_cache
def is_key(dtype: Any) -> bool:
    """Whether a dtype is one of keys of random numbers, which NumPy does not have."""
    return bool(jnp.issubdtype(dtype, jax.dtypes.extended))


@functools.lru_cache
def is_float(dtype: Any) -> bool:
    """Whether a dtype is one of floating-point numbers."""
    return bool(jnp.issubdtype(dtype, jnp.floating))


@functools.lru_cache
def is_bool(dtype: Any) -> bool:
    """Whether a dtype is that of booleans."""
    return bool(jnp.issubdtype(dtype, jnp.bool_))


def _is_known(number: float, dtype: np.dtype) -> bool:
    """Whether a number is the largest, or takes at most half of the bits, as 0, -1, 0.5, 3 do."""
    if abs(number) == float(jnp.finfo(dtype).max):
        return True
    kept = (int(jnp.finfo(dtype).nmant) + 1) // 2
    fraction = np.frexp(number)[0] * 2**kept
    return bool(fraction == np.rint(fraction))
