"""How far the numbers of two files agree, as far as print shows them."""

import bisect

import numpy as np

from compare.evidence.differences.decades import MOST_DIGITS, half_unit
from compare.evidence.differences.digits import agree_significant
from compare.evidence.rounding.print_rounding import is_known
from compare.formats.matching import ArrayPair

_TIE = 1 + 1e-9  # float64 rounds decimal fractions, so that a tie may look like a little more


def beyond(pair: ArrayPair, digits: int) -> np.ndarray:
    """Returns which numbers agree neither to so many digits nor as far as printed, [...] bool."""
    with np.errstate(invalid="ignore", over="ignore"):
        # two prints of one number may lie just as far apart
        as_printed = np.abs(pair.a - pair.b) <= pair.half_units * _TIE
    return ~agree_significant(pair.a, pair.b, digits) & ~as_printed


def known(pair: ArrayPair) -> np.ndarray:
    """Returns which numbers both files show to two digits or more, or in full, [...] bool."""
    return is_known(pair.a, pair.half_a) & is_known(pair.b, pair.half_b)


def shown(pair: ArrayPair, digits: int) -> np.ndarray:
    """Returns which numbers both files show to so many significant digits, [...] bool."""
    sides = ((pair.a, pair.half_a), (pair.b, pair.half_b))
    enough = [(e == 0) | (e <= half_unit(np.abs(v), digits) * _TIE) for v, e in sides]
    return np.logical_and(*enough)


def print_as_zero(pair: ArrayPair) -> np.ndarray:
    """Returns which numbers are 0 in print in one of the files and may not be 0, [...] bool."""
    return ((pair.a == 0) & (pair.half_a > 0)) | ((pair.b == 0) & (pair.half_b > 0))


def digits_agreed(pair: ArrayPair) -> int | None:
    """Returns to how many significant digits all known numbers are shown and agree.

    Returns:
      MOST_DIGITS at most; None where no number is known.
    """
    here = known(pair)
    if not here.any():
        return None

    def agree(digits: int) -> bool:
        by_value = agree_significant(pair.a[here], pair.b[here], digits)
        return bool((by_value & shown(pair, digits)[here]).all())

    # What does not agree to so many digits does not agree to more.
    return bisect.bisect_left(range(1, MOST_DIGITS + 1), True, key=lambda k: not agree(k))
