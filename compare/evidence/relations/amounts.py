"""By how much numbers may have been multiplied, or what may have been added to them."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.decades import half_unit
from compare.evidence.differences.prints import known
from compare.formats.matching import ArrayPair

PLAIN = (1.0, -1.0, 0.5, 2.0)  # factors that need not be found
_LARGEST_PART = 1000  # n of a factor 1/n
_SOME = 2000  # numbers that are tried before all are
_TIE = 1 + 1e-9  # what float64 makes of a tie between decimal fractions may be a little more
_NEAR = 4  # times what a number may be off: a simple amount so near may be meant, and blurred


class Amounts(NamedTuple):
    """What every number says of one amount: it is within `around` of `middle`."""

    middle: np.ndarray
    around: np.ndarray

    def simplest(self) -> Iterator[float]:
        """Yields what all of them allow, numbers of the shortest text first.

        There is none if 0 would do, or if a simple number would nearly do: then all are that one,
        less exactly.
        """
        low = float((self.middle - _TIE * self.around).max(initial=-np.inf))
        high = float((self.middle + _TIE * self.around).min(initial=np.inf))
        if not (low <= high and low * high > 0 and math.isfinite(high - low)):
            return
        middle = low / 2 + high / 2
        part = round(1 / middle) if abs(middle) > 1 / _LARGEST_PART else 0
        decimals = [float(f"{middle:.{n}e}") for n in range(17)]
        fitting = [value for value in decimals if low <= value <= high]
        parts = [1 / part] if part and len(f"1/{part}") < len(repr(fitting[0])) else []
        simple = (*PLAIN, *parts, *decimals[:2])
        known = [value for value in simple if low <= value <= high]
        near = _NEAR * float(np.median(self.around))
        if known or all(abs(value - middle) > near for value in simple):
            yield from dict.fromkeys((*known, *fitting))


def factors(pair: ArrayPair, digits: int) -> Iterator[float]:
    """Yields by what all of a may be multiplied to get b, the simplest number first.

    Args:
      pair: [...].
      digits: to how many significant digits it must fit, or as far as is printed.
    """
    return _simplest(_factors, pair, digits)


def constants(pair: ArrayPair, digits: int) -> Iterator[float]:
    """Yields what may be added to all of a to get b; arguments are as for `factors`."""
    return _simplest(_constants, pair, digits)


def allowed(pair: ArrayPair, digits: int) -> np.ndarray:
    """Returns how far a and b may be apart to agree, [...]."""
    larger = np.maximum(np.abs(pair.a), np.abs(pair.b))
    return np.maximum(half_unit(larger, digits), pair.half_units)


def some(pair: ArrayPair) -> ArrayPair:
    """Returns a few numbers, evenly spread: of many, they soon show that something does not fit."""
    step = pair.a.size // _SOME + 1
    return ArrayPair(pair.name, *(values.reshape(-1)[::step] for values in pair[1:]))


def _simplest(
    amounts: Callable[[ArrayPair, int], Amounts], pair: ArrayPair, digits: int
) -> Iterator[float]:
    if any(amounts(some(pair), digits).simplest()):
        yield from amounts(pair, digits).simplest()


def _factors(pair: ArrayPair, digits: int) -> Amounts:
    here = known(pair) & (pair.a != 0) & np.isfinite(pair.a) & np.isfinite(pair.b)
    a, b, half_a, half_b = (values[here] for values in pair[1:])
    size, b = np.abs(a), np.copysign(1, a) * b
    # |b - c a| is within so many digits, or within what print hides of both: c is around b/a.
    by_digits = half_unit(np.abs(b), digits) / size
    as_printed = (half_b + np.abs(b / size) * half_a) / (size - half_a)
    return Amounts(b / size, np.maximum(by_digits, as_printed))


def _constants(pair: ArrayPair, digits: int) -> Amounts:
    here = np.isfinite(pair.a) & np.isfinite(pair.b)
    return Amounts((pair.b - pair.a)[here], allowed(pair, digits)[here])
