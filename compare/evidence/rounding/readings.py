"""The two readings of a bound, 'worst' and 'typical', and what is done to the errors of each."""

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.evidence.rounding.kinds import is_bool

Array = Any  # of NumPy, or of JAX under a trace
READINGS = ("worst", "typical")
_KNOWN = (np.ndarray, np.bool_)  # under a trace, what a condition may be beside a tracer


@dataclasses.dataclass(frozen=True)
class Readings:
    """Those that are worked out; the first axis of an error is theirs.

    Attributes:
      xp: numpy, or jax.numpy under a trace.
      readings: 'worst' or 'typical' or both, in this order.
    """

    xp: Any
    readings: tuple[str, ...]

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
        made: Array = functools.reduce(operator.add, errors)
        if self.readings == ("worst",):
            return made
        # the last one of readings
        typical = [error[-1] if np.ndim(error) == made.ndim else error for error in errors]
        if self.xp is not np:
            return made.at[-1].set(self.xp.sqrt(sum(error * error for error in typical)))
        with np.errstate(over="ignore"):
            root = np.sqrt(functools.reduce(operator.add, (error * error for error in typical)))
        vast = np.isinf(root)
        if vast.any():  # squares overflow beside the smallest number of float64, as masks have it
            root = np.where(vast, functools.reduce(np.hypot, typical), root)
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

    @staticmethod
    def may_be(condition: Array) -> bool:
        """Whether a condition holds somewhere, as far as that is known under a trace."""
        return not isinstance(condition, _KNOWN) or bool(condition.any())

    @staticmethod
    def is_sure(condition: Array) -> bool:
        """Whether a condition holds everywhere, as far as that is known under a trace."""
        return isinstance(condition, _KNOWN) and bool(condition.all())


def unrepeated(array: Array) -> Array:
    """Returns what a broadcast NumPy array repeats, with axes of 1 in place of those repeated."""
    if not isinstance(array, np.ndarray) or 0 not in array.strides:
        return array
    return array[tuple(slice(None if stride else 1) for stride in array.strides)]


def both_unrepeated(value: Array, error: Array) -> tuple[Array, Array]:
    """Returns a value and its error [readings, ...] without the axes that both repeat.

    The axis of the readings is of length 1 if they have the same errors.
    """
    if not isinstance(value, np.ndarray) or not isinstance(error, np.ndarray):
        return value, error
    if error.ndim != value.ndim + 1 or 0 not in error.strides:
        return value, error
    strides = zip(value.strides, error.strides[1:], strict=True)
    at = tuple(slice(None if any(both) else 1) for both in strides)
    return value[at], error[(slice(None if error.strides[0] else 1), *at)]
