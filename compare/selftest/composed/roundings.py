"""What a library may do to the result of one operation, drawn at random within what is promised."""

import dataclasses
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

Array: TypeAlias = Any  # of NumPy: long doubles, or integers and booleans of their own dtype
MANNERS = ("exact", "nearest", "kept", "moved")


@dataclasses.dataclass(frozen=True)
class Roundings:
    """How one run rounds.

    Attributes:
      manner: 'exact' rounds nothing; 'nearest' rounds all to nearest; 'kept' leaves every other
        number as it is, as a kernel that fuses operations does; 'moved' moves each by as much as
        rounding may, up or down.
      flushes: whether subnormal numbers, but those of float16, are read as 0 and become 0.
      rng: draws all that is random.
    """

    manner: str
    flushes: bool
    rng: np.random.Generator

    def read(self, value: Array, dtype: Any) -> Array:
        """Returns an operand as an operation reads it.

        In low precision a kernel may have rounded it for one operation, and not for another.
        """
        if self.manner == "exact" or not is_float(dtype):
            return value
        if self.manner == "kept" and float(ml_dtypes.finfo(dtype).eps) > 2.0**-23:
            value = self._either(value, nearest(value, dtype))
        return self._flushed(value, dtype)

    def made(self, value: Array, dtype: Any, moved: Array | None = None) -> Array:
        """Returns a result as an operation makes it.

        Args:
          value: what it would be without rounding.
          dtype: of the result.
          moved: how far a function may be off; None if half an ulp.
        """
        if self.manner == "exact" or not is_float(dtype):
            return value
        info = ml_dtypes.finfo(dtype)
        if self.manner == "moved":
            size = np.longdouble(float(info.eps) / 2) * abs(value) if moved is None else moved
            size = np.where(np.isfinite(value), size, 0)
            most, end = float(info.max), nearest(value, dtype)
            value = value + size * self.rng.choice([-1, 1, 1, 0.5], size=np.shape(value))
            last = np.copysign(np.where(np.isinf(end), np.inf, most), value)
            value = np.where(abs(value) > most, last, value)  # rounding to nearest may not overflow
        elif self.manner == "kept":
            value = self._either(value, nearest(value, dtype))
        else:
            value = nearest(value, dtype)
        return self._flushed(value, dtype)

    def constant(self, value: Array, dtype: Any) -> Array:
        """Returns a lone number, of which a program may hold other digits than the jaxpr shows."""
        if self.manner != "moved" or dtype == np.float64 or np.ndim(value) or not is_float(dtype):
            return value
        bits = (int(ml_dtypes.finfo(dtype).nmant) + 1) // 2
        fraction = np.frexp(value)[0] * 2**bits
        is_short = fraction == np.rint(fraction) or not np.isfinite(value)
        is_last = abs(value) == float(ml_dtypes.finfo(dtype).max)
        return value if is_short or is_last else self.made(value, dtype)

    def _either(self, a: Array, b: Array) -> Array:
        return np.where(self.rng.random(np.shape(a)) < 0.5, a, b)

    def _flushed(self, value: Array, dtype: Any) -> Array:
        if not self.flushes or dtype == np.float16:
            return value
        least = float(ml_dtypes.finfo(dtype).smallest_normal)
        return np.where(abs(value) < least, np.copysign(np.longdouble(0), value), value)


def nearest(value: Array, dtype: Any) -> Array:
    """Rounds long doubles to the nearest number of a dtype, of two to the even one."""
    info = ml_dtypes.finfo(dtype)
    _, exponent = np.frexp(value)
    lowest = int(np.frexp(np.longdouble(info.smallest_normal))[1])
    last = np.maximum(exponent, lowest) - int(info.nmant) - 1
    rounded = np.ldexp(np.rint(np.ldexp(value, -last)), last)
    rounded = np.where(np.isfinite(value) & (value != 0), rounded, value)
    return np.where(abs(rounded) > float(info.max), np.copysign(np.inf, rounded), rounded)


def is_float(dtype: Any) -> bool:
    """Whether a dtype is one of floating-point numbers, of those that NumPy lacks too."""
    return np.dtype(dtype).kind in "fV" or np.dtype(dtype) == ml_dtypes.bfloat16


def is_power(value: Array) -> Array:
    """Where numbers are 0 or powers of two, which multiply and divide without rounding."""
    return (value == 0) | (abs(np.frexp(value)[0]) == 0.5)
