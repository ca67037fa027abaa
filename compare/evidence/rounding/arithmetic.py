"""How an implementation computes, as far as bounds depend on it.

Beside the dtype of its results that is what it does inside a matrix product: a GPU may multiply
float32 numbers in TF32 (10 fraction bits) or bfloat16 (7), and almost every library adds up
products of bfloat16 and float16 numbers in float32.
"""

import functools
import math
from typing import NamedTuple

import ml_dtypes
import numpy as np

_VAST = 700.0  # the exponential of more is no float64 number


class Range(NamedTuple):
    """The numbers that a dtype has."""

    u: float  # the unit roundoff
    subnormal: float  # the smallest one
    normal: float  # the smallest one with all digits
    most: float  # the largest one

    @property
    def held(self) -> float:
        """The sums that rounding to nearest makes none but finite: up to half an ulp above most."""
        return self.most * (1 + self.u / 2) if self.u > 2.0**-53 else self.most


@functools.lru_cache
def number_range(dtype: np.dtype) -> Range:
    """Returns the range of a dtype of floating-point numbers."""
    info = ml_dtypes.finfo(dtype)
    limits = info.smallest_subnormal, info.smallest_normal, info.max
    return Range(float(info.eps) / 2, *map(float, limits))


def half_unit_of(values: np.ndarray) -> np.ndarray:
    """Returns half a unit in the last place of [...] numbers, [...] float64.

    The largest number has that of the ones below it, and so have infinite ones.
    """
    below = np.nextafter(np.finfo(values.dtype).max, values.dtype.type(0))
    return np.asarray(np.spacing(np.minimum(np.abs(values), below)).astype(np.float64) / 2)


class Arithmetic(NamedTuple):
    """The arithmetic of one implementation. Errors are relative, with terms of higher order."""

    dtype: np.dtype  # of its results
    operand_bits: int  # fraction bits that a factor of a matrix product keeps
    sum_bits: int  # fraction bits in which the products of a matrix product are added up

    @property
    def u(self) -> float:
        """The unit roundoff of the dtype."""
        return number_range(self.dtype).u

    @property
    def lam(self) -> float:
        """What underflow may cost: the smallest normal number, since libraries flush to zero.

        No library flushes float16. Underflow costs one subnormal number at most there, and the
        smallest normal one is so large that allowing for it would hide most mistakes.
        """
        info = number_range(self.dtype)
        return info.subnormal if self.dtype == np.float16 else info.normal

    @property
    def logistic(self) -> float:
        """The error of 1 / (1 + exp(-z)) where exp(-z) overflows, as XLA computes it in float16.

        The result is 0 there instead of up to 1 / (the largest number): 1.5e-5 in float16, which is
        256 times lam. In all other dtypes it is less than lam, which float32 and float64 allow for
        already.
        """
        return max(self.lam, 1 / largest_number(self.dtype.name)) if self.is_low else 0.0

    @property
    def is_low(self) -> bool:
        """Whether the dtype is float16 or bfloat16."""
        return self.u > 2.0**-24

    @property
    def is_plain(self) -> bool:
        """Whether a matrix product is computed with operations of the dtype alone."""
        bits = fraction_bits(self.dtype)
        return self.operand_bits >= bits and self.sum_bits == bits

    @property
    def operand_u(self) -> float:
        """The error of a factor of a matrix product, which may be truncated rather than rounded."""
        reduced = self.operand_bits < fraction_bits(self.dtype)
        return 2.0**-self.operand_bits if reduced else 0.0

    @property
    def sum_u(self) -> float:
        """The error of one term of a sum inside a matrix product.

        Tensor cores add several products at once. Each is truncated to the exponent of the largest,
        by 2^-sum_bits of it at most, and the sum is truncated again: not more than twice a term
        (Fasi, Higham, Mikaitis and Pranesh, Numerical behavior of NVIDIA tensor cores, PeerJ
        Computer Science 7:e330, 2021).
        """
        return self.u if self.is_plain else 2.0 ** (1 - self.sum_bits)

    def dot(self, terms: int, roundings: int = 0) -> float:
        """Bounds the error of a dot product, relative to the sum of the magnitudes of its terms.

        Args:
          terms: how many terms the sum has.
          roundings: how often the result or a factor is rounded to the dtype besides.

        Returns:
          gamma(terms + roundings) if the arithmetic is plain. Otherwise the errors of two factors,
          of the sum and of rounding it to the dtype, all together. Infinite if there is no bound.
        """
        if self.is_plain:
            return gamma(terms + roundings, self.u)
        factors, summed = (1 + self.operand_u) ** 2, 1 + gamma(terms, self.sum_u)
        return factors * summed * (1 + self.u) ** (roundings + 1) - 1


class Doubled(Arithmetic):
    """An arithmetic whose every rounding counts twice, as float64 does in `roundoff`.

    What a value is held against is worked out in float64. If it is computed in float64 itself, it
    differs from that by the errors of both.
    """

    @property
    def u(self) -> float:
        """Twice the unit roundoff of the dtype."""
        return 2 * super().u


class ExactArithmetic(NamedTuple):
    """The arithmetic of integers and booleans: nothing is rounded, nothing underflows."""

    u: float = 0.0
    lam: float = 0.0
    logistic: float = 0.0
    operand_u: float = 0.0
    sum_u: float = 0.0
    is_low: bool = False
    is_plain: bool = True

    def dot(self, terms: int) -> float:
        """Returns 0, since a dot product is exact."""
        del terms
        return 0.0


EXACT = ExactArithmetic()


@functools.lru_cache
def plain_arithmetic(dtype: np.typing.DTypeLike) -> Arithmetic:
    """Returns the arithmetic whose every operation is of the dtype, if nothing else is known."""
    bits = fraction_bits(np.dtype(dtype))
    return Arithmetic(np.dtype(dtype), bits, bits)


@functools.lru_cache
def fraction_bits(dtype: np.dtype) -> int:
    """Returns 52 for float64, 23 for float32, 10 for float16, 7 for bfloat16."""
    return int(ml_dtypes.finfo(dtype).nmant)


def largest_number(dtype: str) -> float:
    """Returns the largest finite number of the dtype with that name."""
    return number_range(np.dtype(dtype)).most


def gamma(n: int, u: float) -> float:
    """Returns n u / (1 - n u), a bound of (1 + u)^n - 1; infinite if n u is 1 or more."""
    return n * u / (1 - n * u) if n * u < 1 else math.inf


def growth(n: int, u: float) -> float:
    """Returns (1 + u)^n - 1, which n roundings of a term of a sum cost at most, relatively."""
    part = n * math.log1p(u)
    return math.expm1(part) if part < _VAST else math.inf
