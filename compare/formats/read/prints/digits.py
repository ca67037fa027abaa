"""How well a print knows the numbers in it: half a unit of the last digit of each.

NumPy trims the zeros at the end of `[0.  0.5  0.12345678]`, and %g those of `0.5 0.123457`, so a
number is known better than its own digits say, if another of the same array shows more of them.
"""

import math
import re
from collections.abc import Sequence

import numpy as np

_PARTS = re.compile(
    r"[-+]?(?P<whole>\d*)(?P<point>\.?)(?P<decimals>\d*)(?:e(?P<exponent>[-+]?\d+))?", re.IGNORECASE
)
_WHOLE = re.compile(r"[-+]?(?:\d+\.|inf|nan)", re.IGNORECASE)
# Without a point and an exponent; -0 is what is left of a fraction.
_INTEGER = re.compile(r"\+?\d+|-0*[1-9]\d*|[-+]?(?:inf(?:inity)?|nan)", re.IGNORECASE)
_DECIMALS = re.compile(r"\.\d")
_EXACT = (math.inf, 0)  # no last digit and no significant digits


def half_units(
    words: Sequence[str], *, by_torch: bool = False, trimmed: bool = False
) -> np.ndarray:
    """Returns how far the numbers of one printed array can be from what was printed.

    Either all were printed with as many decimals as the number that shows the most, as in fixed
    notation, or all with as many significant digits, as %g and %e do. The coarser of the two
    counts, but nothing coarser than a number's own text: `2` without a point may be 1.97, as %.2g
    or %.0f print it. Text that hides nothing has 0: nan, inf, and a zero with an exponent.

    torch writes `2.` only where all numbers of a tensor are whole, so that is exact as well. In
    NumPy it is 2.0 without its zeros, or with `precision=0` any number from 1.5 to 2.5, which shows
    no decimals anywhere.

    Args:
      words: the text of every number.
      by_torch: whether it stands in `tensor(...)`.
      trimmed: whether other arrays that were printed with it show decimals.

    Returns:
      Half a unit of each number's last known digit, [len(words)].
    """
    if by_torch and all(map(_WHOLE.fullmatch, words)):
        return np.zeros(len(words))
    trimmed = trimmed or any(map(_DECIMALS.search, words))
    digits = [_last_and_significant(word, "0" * trimmed) for word in words]
    finest = min(last for last, _ in digits)
    most = max(significant for _, significant in digits)
    return np.array([_half_unit(*each, finest=finest, most=most) for each in digits])


def are_integers(words: Sequence[str]) -> bool:
    """Whether all were printed as integers are, which numbers rounded to integers may be too."""
    return all(map(_INTEGER.fullmatch, words))


def _half_unit(last: float, significant: int, *, finest: float, most: int) -> float:
    if last == math.inf:
        return 0.0
    known = max(finest, last - (most - significant)) if significant else finest
    return 0.5 * 10.0**known


def _last_and_significant(word: str, trimmed: str) -> tuple[float, int]:
    """Returns the power of ten of the last digit, and the number of significant digits.

    Args:
      word: a number.
      trimmed: what stands after its point, if there is nothing.
    """
    value, parts = float(word), _PARTS.fullmatch(word)
    if not parts or math.isinf(value):
        return _EXACT
    decimals = parts["decimals"] or (parts["point"] and trimmed)
    significant = len((parts["whole"] + decimals).lstrip("0")) if value else 0
    if not significant and parts["exponent"]:
        return _EXACT
    return float(parts["exponent"] or 0) - len(decimals), significant
