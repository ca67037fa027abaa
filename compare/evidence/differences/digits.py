"""Agreement to a number of digits, by value and in print.

`numeric` rules: the difference is at most half a unit of the last digit. `text` rules: the printed
digits are equal, which is what "equal up to 7 digits" means to someone who looks at two files. Two
numbers one ulp apart can fail it, if a rounding boundary lies between them. A zero has no sign
there: 0.0 and -0.0 are equal digits, and are counted beside them.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.differences.decades import at_most, half_unit

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
    return _same_text(a, b, f"z.{digits - 1}e", lambda v: _significant_key(v, digits))


def same_decimals_text(a: np.ndarray, b: np.ndarray, digits: int) -> np.ndarray:
    """Returns whether `{:z.{digits}f}` prints the same for a and b [...], [...] bool."""
    return _same_text(a, b, f"z.{digits}f", lambda v: _decimals_key(v, digits))


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
    wide_a = np.concatenate([v.reshape(len(v), -1).astype(np.float64) for v in a], axis=1)
    wide_b = np.concatenate([v.reshape(len(v), -1).astype(np.float64) for v in b], axis=1)
    return tuple(_count(rule, wide_a, wide_b) for rule in RULES)


def merge(earlier: Agreement, later: Agreement) -> Agreement:
    """Adds the counts of two blocks of samples."""
    counts = (p + q for p, q in zip(earlier[1:], later[1:], strict=True))
    return Agreement(earlier.rule, *counts)


def _count(rule: str, a: np.ndarray, b: np.ndarray) -> Agreement:
    agreeing = RULES[rule](a, b)
    zeros = opposite_zeros(a, b, SIGNED_ZEROS[rule]) if rule in SIGNED_ZEROS else np.array(False)
    counts = (np.count_nonzero(flags) for flags in (agreeing, agreeing.all(axis=1), zeros))
    entries, samples, signed = map(int, counts)
    return Agreement(rule, entries, agreeing.size, samples, len(agreeing), signed)


def _both_nan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.isnan(a) & np.isnan(b)


_FEW = 64  # numbers whose strings are compared faster than their digits
_Key = tuple[np.ndarray, np.ndarray, np.ndarray]  # rounded digits, exponent, whether certain


def _same_text(
    a: np.ndarray, b: np.ndarray, spec: str, key: Callable[[np.ndarray], _Key]
) -> np.ndarray:
    """Compares rounded digits as numbers, and strings only where rounding is too close to call."""
    equal = (a == b) | _both_nan(a, b)
    if a.size <= _FEW:
        return _same_strings(a, b, spec) | equal
    with np.errstate(all="ignore"):
        (digits_a, exponent_a, certain_a), (digits_b, exponent_b, certain_b) = key(a), key(b)
    same = (digits_a == digits_b) & (exponent_a == exponent_b)
    same &= (np.signbit(a) == np.signbit(b)) | (digits_a == 0)
    unsure = ~equal & ~(certain_a & certain_b)
    same[unsure] = _same_strings(a[unsure], b[unsure], spec)
    return same | equal


def _same_strings(a: np.ndarray, b: np.ndarray, spec: str) -> np.ndarray:
    pairs = zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    found = np.array([format(p, spec) == format(q, spec) for p, q in pairs], bool)
    return found.reshape(a.shape)


def _decimals_key(values: np.ndarray, digits: int) -> _Key:
    # Rounded once, so it is certain as long as there are digits after the point.
    scaled = np.abs(values) * 10.0**digits
    return np.rint(scaled), np.zeros_like(scaled), _clear_of_ties(scaled, scaled < 2.0**40)


def _significant_key(values: np.ndarray, digits: int) -> _Key:
    magnitude = np.abs(values)
    exponent = np.floor(np.log10(magnitude))
    scaled = magnitude * 10.0 ** (digits - 1 - exponent)  # in [10^(digits-1), 10^digits]
    rounded = np.rint(scaled)
    carried = rounded >= 10.0**digits
    sure = np.isfinite(scaled) & (magnitude > 0)
    return (
        np.where(carried, rounded / 10, rounded),
        np.where(carried, exponent + 1, exponent),
        _clear_of_ties(scaled, sure),
    )


def _clear_of_ties(scaled: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Whether the computed and the exact value are sure to round to the same integer.

    `scaled` carries a few roundings of 2^-53, so its error is under 2^-50 |scaled|; the margin is
    16 times that, and never under 2^-46.
    """
    margin = np.maximum(scaled, 1) * 2.0**-46
    return sure & (np.abs(scaled - np.floor(scaled) - 0.5) > margin)
