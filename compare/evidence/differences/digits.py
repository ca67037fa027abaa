"""Agreement to a number of digits, by value and in print.

`numeric` rules: the difference is at most half a unit of the last digit. `text` rules: the printed
digits are equal, which is what "equal up to 7 digits" means to someone who looks at two files. Two
numbers one ulp apart can fail it, if a rounding boundary lies between them. A zero has no sign
there: 0.0 and -0.0 are equal digits, and are counted beside them.
"""

from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.differences.decades import at_most, exponent_of, half_unit
from compare.evidence.rounding.tiles import tiles

SIGNIFICANT, DECIMALS = 5, 7  # to which the documented experiments are said to agree


class Agreement(NamedTuple):
    """How many entries, and how many whole samples, agree under one rule."""

    rule: str
    entries_agreeing: int
    entries: int
    samples_agreeing: int
    samples: int
    signed_zeros: int  # of the entries that agree: printed as 0.0 on one side, -0.0 on the other

    @property
    def agrees(self) -> bool:
        """Whether all entries agree."""
        return self.entries_agreeing == self.entries


def within_decimals(distance: Any, digits: int) -> Any:
    """Whether |a - b| is less than half a unit in decimal `digits`."""
    return distance < 0.5 * 10.0**-digits


def agree_significant(a: np.ndarray, b: np.ndarray, digits: int) -> np.ndarray:
    """Returns whether a and b [...] agree to so many digits of the larger, [...] bool."""
    larger = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(a - b) <= half_unit(larger, digits)
    return (close & np.isfinite(larger)) | (a == b) | _both_nan(a, b)


def agree_decimals(a: np.ndarray, b: np.ndarray, digits: int) -> np.ndarray:
    """Returns whether a and b [...] agree to so many decimals, [...] bool."""
    with np.errstate(invalid="ignore", over="ignore"):
        close = within_decimals(np.abs(a - b), digits)
    return close | (a == b) | _both_nan(a, b)


def same_significant_text(a: np.ndarray, b: np.ndarray, digits: int) -> np.ndarray:
    """Returns whether `{:z.{digits - 1}e}` prints the same for a and b [...], [...] bool."""
    least = 10.0 ** (digits - 1) * (1 + 2.0**-46)  # what is below may be in a lower decade

    def scale(larger: np.ndarray) -> Any:
        return 10.0 ** (digits - 1 - exponent_of(larger))

    return _same_text(a, b, f"z.{digits - 1}e", scale, least)


def same_decimals_text(a: np.ndarray, b: np.ndarray, digits: int) -> np.ndarray:
    """Returns whether `{:z.{digits}f}` prints the same for a and b [...], [...] bool."""
    return _same_text(a, b, f"z.{digits}f", lambda _: 10.0**digits, 0.0)


def opposite_zeros(a: np.ndarray, b: np.ndarray, largest: float = 0.0) -> np.ndarray:
    """Returns where a and b [...] are zeros of opposite signs, [...] bool.

    Args:
      a: any shape.
      b: the shape of a.
      largest: the largest number that counts as 0, such as PRINTED_ZERO.
    """
    return (np.signbit(a) != np.signbit(b)) & (np.abs(a) <= largest) & (np.abs(b) <= largest)


PRINTED_ZERO = at_most(f"0.5e-{DECIMALS}")  # the largest number that prints as 0 with DECIMALS

RULES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "significant_5_numeric": lambda a, b: agree_significant(a, b, SIGNIFICANT),
    "significant_5_text": lambda a, b: same_significant_text(a, b, SIGNIFICANT),
    "decimals_7_numeric": lambda a, b: agree_decimals(a, b, DECIMALS),
    "decimals_7_text": lambda a, b: same_decimals_text(a, b, DECIMALS),
}
# Of the rules in which signs of zeros are seen: the largest number that counts as one.
SIGNED_ZEROS = MappingProxyType({"significant_5_text": 0.0, "decimals_7_text": PRINTED_ZERO})


def count_agreements(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> tuple[Agreement, ...]:
    """Counts the entries and samples that agree under every rule.

    Args:
      a: arrays [N, ...], one per parameter.
      b: arrays of the same shapes.

    Returns:
      One Agreement for each of RULES; a sample agrees when all entries of all parameters do.
    """
    n, entries = len(a[0]), sum(one.size for one in a)
    samples, p, q = map(np.concatenate, zip(*_apart(a, b), strict=True))
    parts = [slice(start, start + _AT_ONCE) for start in range(0, len(p), _AT_ONCE)]
    agreements = []
    for rule, agree in RULES.items():
        far, zeros = np.zeros(n, int), 0
        for part in parts:
            far += np.bincount(samples[part][~agree(p[part], q[part])], minlength=n)
            if rule in SIGNED_ZEROS:
                opposite = opposite_zeros(p[part], q[part], SIGNED_ZEROS[rule])
                zeros += int(np.count_nonzero(opposite))
        agreeing = n - int(np.count_nonzero(far))
        agreements.append(Agreement(rule, entries - int(far.sum()), entries, agreeing, n, zeros))
    return tuple(agreements)


def merge(earlier: Agreement, later: Agreement) -> Agreement:
    """Adds the counts of two blocks of samples."""
    counts = (p + q for p, q in zip(earlier[1:], later[1:], strict=True))
    return Agreement(earlier.rule, *counts)


def _apart(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, ...]]:
    """Yields samples and both float64 numbers of entries that differ in bits; others agree."""
    for one, other in zip(a, b, strict=True):
        for tile in tiles(one.shape):
            p, q = (v[tile].astype(np.float64).reshape(-1) for v in (one, other))
            at = np.flatnonzero(p.view(np.int64) != q.view(np.int64))
            rows = tile[0].start + at // (len(p) // (tile[0].stop - tile[0].start))
            yield rows, p[at], q[at]


def _both_nan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.isnan(a) & np.isnan(b)


_AT_ONCE = 2**15  # entries, so that what is worked out of them stays in a cache
_FEW = 64  # numbers whose strings are compared faster than their digits


def _same_text(
    a: np.ndarray, b: np.ndarray, spec: str, scale: Callable[[np.ndarray], Any], least: float
) -> np.ndarray:
    """Compares rounded digits as numbers, and strings only where rounding is too close to call.

    Args:
      a: [...] float64.
      b: [...] float64.
      spec: how they are printed.
      scale: returns the factor that brings the printed digits of each number before its point.
      least: a scaled number below, which rounds as one above does, may have more digits in print.
    """
    equal = (a == b) | _both_nan(a, b)
    if a.size <= _FEW:
        return _same_strings(a, b, spec) | equal
    sizes = np.abs(a), np.abs(b)
    larger, smaller = np.maximum(*sizes), np.minimum(*sizes)
    with np.errstate(all="ignore"):
        by = scale(larger)
        p, q = larger * by, smaller * by
        digits_p, digits_q = np.rint(p), np.rint(q)
        # Both carry a few roundings of 2^-53, so their errors are under 2^-50 p. Farther than that
        # from a tie they round as the exact ones do; the margin is 16 times that.
        off = np.maximum(np.abs(p - digits_p), np.abs(q - digits_q))
        same = digits_p == digits_q
        unsure = ~(off < 0.5 - p * 2.0**-46) | (same & (q < least))
    same &= (np.signbit(a) == np.signbit(b)) | (digits_p == 0)
    unsure &= ~equal
    same[unsure] = _same_strings(a[unsure], b[unsure], spec)
    return same | equal


def _same_strings(a: np.ndarray, b: np.ndarray, spec: str) -> np.ndarray:
    pairs = zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    found = np.array([format(p, spec) == format(q, spec) for p, q in pairs], bool)
    return found.reshape(a.shape)
