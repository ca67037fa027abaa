"""Powers of ten: half a unit of a significant digit of a number, without rounding."""

import math
from fractions import Fraction

import numpy as np

MOST_DIGITS = 17  # of a float64
_SMALLEST, _LARGEST = -323, 308  # exponents of the powers of ten that float64 has


def at_most(text: str) -> float:
    """Returns the largest float64 that is no larger than a decimal number.

    A float64 is at most the decimal number exactly where it is at most this one.
    """
    value = float(text)
    return value if Fraction(value) <= Fraction(text) else math.nextafter(value, -math.inf)


# A decade begins where float64 writes 1e<exponent>: at the nearest number to the power of ten.
DECADES = np.array([float(f"1e{power}") for power in range(_SMALLEST, _LARGEST + 1)])
_HALVES = np.array(
    [at_most(f"5e{power - 1}") for power in range(_SMALLEST - MOST_DIGITS, _LARGEST + 1)]
)
# Of each exponent of float64: in which decade its numbers begin, and where the next decade does,
# which is its only other one, as ten is more than two. Numbers below all normal ones have many.
_BINADES = (np.arange(2**11) << 52).view(np.float64)
_FIRST = np.searchsorted(DECADES, _BINADES, side="right") - 1
_NEXT = np.append(DECADES, np.nan)[_FIRST + 1]


def decade_of(values: np.ndarray) -> np.ndarray:
    """Returns which of DECADES is the last at or below each number, [...] integers.

    It is -1 below all of them, and the last one for NaN.

    Args:
      values: [...] float64, none negative.
    """
    exponent = values.view(np.int64) >> 52
    decade = np.asarray(_FIRST[exponent] + (values >= _NEXT[exponent]))
    small = exponent == 0
    if small.any():
        decade[small] = np.searchsorted(DECADES, values[small], side="right") - 1
    return decade


def exponent_of(values: np.ndarray) -> np.ndarray:
    """Returns the exponent of the power of ten at or below each number, [...] integers.

    Args:
      values: [...] float64, none negative. 0 and what is below 1e-323 have -324.
    """
    return decade_of(values) + _SMALLEST


def half_unit(values: np.ndarray, digits: int) -> np.ndarray:
    """Returns half a unit of the significant digit number `digits`, 0.5 * 10^(e - digits + 1).

    10^e is the power of ten at or below the value. Of 0, half a unit is less than any number.

    Args:
      values: [...] float64, none negative.
      digits: counted from the first digit that is not 0; 1 to MOST_DIGITS.

    Returns:
      [...] float64: a float64 distance is within it exactly where it is within the real number.
    """
    # 0 and the numbers below 1e-323 belong to the decade of 1e-324, which float64 does not have
    return np.asarray(_HALVES[decade_of(values) + MOST_DIGITS - (digits - 1)])
