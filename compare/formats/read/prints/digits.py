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
_POINT_OR_EXPONENT = re.compile(r"[.eE]")
_EXACT = (math.inf, 0)  # no last digit, no significant ones


def half_units(words: Sequence[str]) -> np.ndarray:
    """Tells how far the numbers of one printed array can be from what was printed.

    All have either as many decimals as the one with most of them, as in fixed notation, or as many
    significant digits, as %g and %e give them. The coarser of the two counts; it is never coarser
    than a number's own text. What shows all there is has 0: nan, inf, a zero with an exponent, and
    integers, which are arrays without any point or exponent.

    Args:
      words: the text of every number.

    Returns:
      Half a unit of each number's last known digit, [len(words)].
    """
    if not _POINT_OR_EXPONENT.search(" ".join(words)):
        return np.zeros(len(words))
    digits = [_last_and_significant(word) for word in words]
    finest = min(last for last, _ in digits)
    most = max(significant for _, significant in digits)
    return np.array([_half_unit(*each, finest=finest, most=most) for each in digits])


def _half_unit(last: float, significant: int, *, finest: float, most: int) -> float:
    if last == math.inf:
        return 0.0
    known = max(finest, last - (most - significant)) if significant else finest
    return 0.5 * 10.0**known


def _last_and_significant(word: str) -> tuple[float, int]:
    """The power of ten that the last digit counts, and the number of significant digits.

    `1.` is taken for `1.0`: there were decimals to trim, if not with NumPy's precision=0.
    """
    value, parts = float(word), _PARTS.fullmatch(word)
    if not parts or math.isinf(value):
        return _EXACT
    decimals = parts["decimals"] or "0" * len(parts["point"])
    significant = len((parts["whole"] + decimals).lstrip("0")) if value else 0
    if not significant and parts["exponent"]:
        return _EXACT
    return float(parts["exponent"] or 0) - len(decimals), significant
