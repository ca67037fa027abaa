"""A value with a bound of its error, and what the rules of all primitives share."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.rounding import out_of_range
from compare.evidence.rounding.arithmetic import (
    EXACT,
    Arithmetic,
    Doubled,
    ExactArithmetic,
    number_range,
    plain_arithmetic,
)
from compare.evidence.rounding.constants import is_rounded
from compare.evidence.rounding.interpreter import prepared
from compare.evidence.rounding.kinds import is_bool, is_float, is_key
from compare.evidence.rounding.readings import Array, Readings, both_unrepeated

Equation = Any


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
class Analysis(Readings):
    """How bounds are worked out, of the readings that it has.

    Attributes:
      own: the arithmetic of its dtype; other dtypes have plain arithmetic.
      apply: evaluates an equation, given this analysis, the equation and its operands.
      rounds: whether operations round at all, or else are exact.
      within: makes of a call the context in which its function is evaluated.
    """

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

    # ---- what comes in ----

    def exact(self, value: Array) -> Enclosure:
        """Takes a value as it is, without an error; floats become float64, keys stay keys."""
        if is_key(getattr(value, "dtype", np.float64)):
            return Enclosure(value, self.no_error(value.shape))
        value = self.xp.asarray(value)
        wide = value.astype(np.float64) if is_float(value.dtype) else value
        return Enclosure(wide, self.no_error(value.shape, value.dtype))

    def constant(self, value: Array) -> Enclosure:
        """Takes an array as it is, and a lone number as one that the program may have rounded."""
        if not self.rounds or not is_rounded(value):
            return self.exact(value)
        wide = np.asarray(value, np.float64)
        error = plain_arithmetic(value.dtype).u * np.abs(wide)
        return Enclosure(wide, self.no_error(()) + error)

    def cast(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that is cast to dtype first, and then exact."""
        return self.exact(self.xp.asarray(value).astype(dtype))

    def rounded(self, value: Array, dtype: np.dtype) -> Enclosure:
        """Takes a value that the program rounds to dtype, with an error of u |value|."""
        value = self.xp.asarray(value)
        wide = self.exact(value).value.astype(np.float64)
        is_held = value.astype(dtype).astype(np.float64) == wide
        error = self.no_error(wide.shape)
        if not self.is_sure(is_held):
            lost = plain_arithmetic(dtype).u * self.xp.abs(wide)
            error = error + self.xp.where(is_held, 0.0, lost)
        return self.as_made(Enclosure(wide, error), dtype)

    # ---- under- and overflow ----

    def as_read(self, one: Enclosure, dtype: Any) -> Enclosure:
        """Allows for a library that takes a subnormal number for 0 where an operation reads it."""
        if one.flushed or not is_float(dtype) or not self.rounds:
            return one
        error = self._with_underflow(one, dtype, rounds=False)
        return dataclasses.replace(one, error=error, flushed=True)

    def as_made(self, one: Enclosure, dtype: Any) -> Enclosure:
        """Allows for underflow and overflow of the result of an operation that rounds."""
        if is_bool(dtype) or is_key(dtype):
            return one
        error = one.error
        if is_float(dtype) and self.rounds:
            error = self._with_underflow(one, dtype, rounds=True)
        error = out_of_range.with_overflow(self, one.value, error, dtype, moved=one.moved)
        return dataclasses.replace(one, error=error, flushed=True, moved=None)

    def _with_underflow(self, one: Enclosure, dtype: Any, *, rounds: bool) -> Array:
        value, error = both_unrepeated(one.value, one.error)
        lost = out_of_range.with_underflow(self, value, error, dtype, rounds=rounds)
        if lost.shape == one.error.shape:
            return lost
        return one.error if lost is error else self.xp.broadcast_to(lost, one.error.shape)

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

    @staticmethod
    def fits(size: Array, dtype: Any) -> Array:
        """Returns whether numbers of a size cannot overflow."""
        return out_of_range.fits(size, dtype)
