"""What is done to every number of one array to get those of another: a factor, say, or a rounding.

Functions take an `ArrayPair` in float64, exact numbers or printed ones, and ask what b is of a.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.decades import half_unit
from compare.evidence.differences.prints import beyond, known
from compare.evidence.relations.rounded import ROUNDINGS, bits_of_rounding, is_rounded
from compare.formats.matching import ArrayPair

FACTOR, PLUS, ABSOLUTE, ZERO = "factor", "plus", "absolute", "zero"
_PLAIN = (1.0, -1.0, 0.5, 2.0)  # factors that need not be found
_LARGEST_PART = 1000  # n of a factor 1/n
_ENOUGH = 20.0  # bits: numbers without any relation would fit once in a million times
_FEWEST = 2  # numbers that fit, beside the one by which a factor or a constant was found
_TIE = 1 + 1e-9  # what float64 makes of a tie between decimal fractions may be a little more
_ROUNDING = 2  # units of the last digit: a factor nearer to 1 may be rounding


class Change(NamedTuple):
    """One thing that is done to every number."""

    kind: str  # FACTOR, PLUS, ABSOLUTE, ZERO, or one of ROUNDINGS
    amount: float = 0.0  # the factor or constant; to how many digits is rounded; what print hides


NONE = Change(FACTOR, 1.0)
ONE_WAY = (ABSOLUTE, ZERO, *ROUNDINGS)  # that cannot be undone by another change


def changes(pair: ArrayPair, digits: int) -> Iterator[Change]:
    """Yields what makes a into b in every number, as far as numbers enough show it.

    Args:
      pair: [...].
      digits: to how many significant digits it must fit, or as far as is printed.
    """
    differ = beyond(pair, digits)
    for alternatives in _proposals(pair, digits):
        found = next((one for one in alternatives if fits(one, pair, digits)), None)
        if found and _is_shown(found, pair, digits, differ, doubt=0.0):
            yield found


def factor_of(
    pair: ArrayPair, digits: int, *, differ: np.ndarray, doubt: float = 0.0
) -> Change | None:
    """Returns by what factor a, that was moved, has to be multiplied to get b; None if by none.

    Args:
      pair: [...].
      digits: as for `changes`.
      differ: which numbers are others if a is not moved, [...] bool.
      doubt: bits: log2 of how many ways to move a there were.
    """
    for change in (NONE, *_factors(pair, digits)):
        if fits(change, pair, digits):
            return change if _is_shown(change, pair, digits, differ, doubt) else None
    return None


def fits(change: Change, pair: ArrayPair, digits: int) -> bool:
    """Whether a change makes a into b in every number."""
    if change.kind in ROUNDINGS:
        return bool(is_rounded(change.kind, change.amount, pair).all())
    if change.kind == ZERO:
        return not pair.b.any()
    return not beyond(_changed(change, pair), digits).any()


def _changed(change: Change, pair: ArrayPair) -> ArrayPair:
    if change.kind == FACTOR:
        factor = change.amount
        return pair._replace(a=factor * pair.a, half_a=abs(factor) * pair.half_a)
    if change.kind == PLUS:
        return pair._replace(a=pair.a + change.amount)
    return pair._replace(a=np.abs(pair.a))


def _is_shown(
    change: Change, pair: ArrayPair, digits: int, differ: np.ndarray, doubt: float
) -> bool:
    """Whether numbers enough would be others if it were not this change that is behind them."""
    if change.kind == ZERO:
        return bool(pair.a.any())
    if change.kind in ROUNDINGS:
        bits = bits_of_rounding(change.kind, change.amount, pair)
    else:
        bits = _bits(change, pair, digits, differ)
    found = change.kind == PLUS or (change.kind == FACTOR and change.amount not in _PLAIN)
    bits = np.sort(bits)[: len(bits) - found]  # one number is needed to find the factor
    return len(bits) >= _FEWEST and float(bits.sum()) - doubt >= _ENOUGH


def _bits(change: Change, pair: ArrayPair, digits: int, differ: np.ndarray) -> np.ndarray:
    """Returns how closely a change gives the numbers that it changes, each in bits."""
    speak = differ & known(pair) & np.isfinite(pair.a) & np.isfinite(pair.b)
    speak &= (pair.a != 0) & (pair.b != 0)
    if not speak.any():
        return np.zeros(0)
    # What equal numbers have in common may be a factor as well as a constant.
    size = np.ptp(pair.b[speak])
    if change.kind == FACTOR:
        size = np.minimum(np.abs(pair.b[speak]), size)
    return np.maximum(np.log2(size / _allowed(_changed(change, pair), digits)[speak]), 0)


def _proposals(pair: ArrayPair, digits: int) -> Iterator[Iterator[Change]]:
    """Yields every kind of change, each as alternatives of which the first that fits counts."""
    yield _factors(pair, digits)
    yield _constants(pair, digits)
    yield iter((Change(ABSOLUTE),))
    yield iter((Change(ZERO, float(pair.half_b.max())),))
    for kind, amounts in ROUNDINGS.items():
        yield (Change(kind, amount) for amount in amounts)


def _factors(pair: ArrayPair, digits: int) -> Iterator[Change]:
    """Yields factors that may fit all numbers, the simplest first."""
    here = known(pair) & (pair.a != 0) & np.isfinite(pair.a) & np.isfinite(pair.b)
    if not here.any():
        return
    a, b, half_a, half_b = (values[here] for values in pair[1:])
    size, b = np.abs(a), np.copysign(1, a) * b
    # |b - c a| is within so many digits, or within what is hidden in print: an interval around b/a.
    by_digits = half_unit(np.abs(b), digits) / size
    as_printed = (half_b + np.abs(b / size) * half_a) / (size - half_a)
    around = _TIE * np.maximum(by_digits, as_printed)
    low, high = float((b / size - around).max()), float((b / size + around).min())
    for factor in _simple_numbers(low, high):
        if abs(factor - 1) > _ROUNDING * 10.0 ** (1 - digits):
            yield Change(FACTOR, factor)


def _constants(pair: ArrayPair, digits: int) -> Iterator[Change]:
    """Yields constants that may be added to all numbers, the simplest first."""
    here = np.isfinite(pair.a) & np.isfinite(pair.b)
    if not here.any():
        return
    apart, around = (pair.b - pair.a)[here], _TIE * _allowed(pair, digits)[here]
    low, high = float((apart - around).max()), float((apart + around).min())
    yield from (Change(PLUS, constant) for constant in _simple_numbers(low, high))


def _allowed(pair: ArrayPair, digits: int) -> np.ndarray:
    """Returns how far a and b may be apart to agree, [...]."""
    larger = np.maximum(np.abs(pair.a), np.abs(pair.b))
    return np.maximum(half_unit(larger, digits), pair.half_units)


def _simple_numbers(low: float, high: float) -> Iterator[float]:
    """Yields numbers within an interval that does not hold 0, those of the shortest text first."""
    if not (low <= high and low * high > 0 and math.isfinite(high - low)):
        return
    yield from (plain for plain in _PLAIN if low <= plain <= high)
    middle = low / 2 + high / 2
    decimals = [float(f"{middle:.{n}e}") for n in range(17)]
    decimals = [value for value in decimals if low <= value <= high]
    part = round(1 / middle) if abs(middle) > 1 / _LARGEST_PART else 0
    if part and low <= 1 / part <= high and len(f"1/{part}") < len(repr(decimals[0])):
        yield 1 / part
    yield from dict.fromkeys(decimals)
