"""What is done to every number of one array to get those of another: a factor, say, or a rounding.

Functions take an `ArrayPair` in float64, exact numbers or printed ones, and ask what b is of a.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.prints import beyond, known
from compare.evidence.relations.amounts import PLAIN, allowed, constants, factors, some
from compare.evidence.relations.rounded import ROUNDINGS, bits_of_rounding, is_rounded
from compare.formats.matching import ArrayPair

FACTOR, PLUS, ABSOLUTE, SIGNS, ZERO = "factor", "plus", "absolute", "signs", "zero"
_ENOUGH = 20.0  # bits: numbers without any relation would fit once in a million times
_FEWEST = 2  # numbers that fit, beside the one by which a factor or a constant was found


class Change(NamedTuple):
    """One thing that is done to every number."""

    kind: str  # FACTOR, PLUS, ABSOLUTE, SIGNS, ZERO, or one of ROUNDINGS
    amount: float = 0.0  # the factor or constant; to how many digits is rounded; what print hides


NONE = Change(FACTOR, 1.0)
ONE_WAY = (ABSOLUTE, ZERO, *ROUNDINGS)  # that cannot be undone by another change


def changes(pair: ArrayPair, digits: int) -> Iterator[Change]:
    """Yields what makes a into b in every number, as far as numbers enough show it.

    Args:
      pair: [...].
      digits: to how many significant digits it must fit, or as far as is printed.
    """
    moved = apart(pair, digits)
    for alternatives in _proposals(pair, digits):
        found = next((one for one in alternatives if fits(one, pair, digits)), None)
        if found and _is_shown(found, pair, digits, moved):
            yield found


def change_of_signs(pair: ArrayPair, digits: int) -> Change | None:
    """Returns the change of a into b if that is one of signs, and of no other kind."""
    change = Change(SIGNS)
    shown = fits(change, pair, digits) and _is_shown(change, pair, digits, apart(pair, digits))
    return change if shown else None


def apart(pair: ArrayPair, digits: int) -> np.ndarray:
    """Returns how far a and b are apart, 0 where they agree to so many digits, [...]."""
    return np.where(beyond(pair, digits), np.abs(pair.b - pair.a), 0.0)


def factor_of(
    pair: ArrayPair, digits: int, *, moved: np.ndarray, doubt: float = 0.0
) -> Change | None:
    """Returns by what factor a, that was moved, has to be multiplied to get b; None if by none.

    Args:
      pair: [...].
      digits: as for `changes`.
      moved: how far each number of b is from that of a which stood there, as in `apart`, [...].
      doubt: bits: log2 of how many ways to move a there were.
    """
    for change in (NONE, *(Change(FACTOR, amount) for amount in factors(pair, digits))):
        if fits(change, pair, digits):
            return change if _is_shown(change, pair, digits, moved, doubt) else None
    return None


def fits(change: Change, pair: ArrayPair, digits: int) -> bool:
    """Whether a change makes a into b in every number."""
    return all(_fits(change, part, digits) for part in (some(pair), pair))


def _fits(change: Change, pair: ArrayPair, digits: int) -> bool:
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
    if change.kind == ABSOLUTE:
        return pair._replace(a=np.abs(pair.a))
    return pair._replace(a=np.copysign(pair.a, pair.b))


def _is_shown(
    change: Change, pair: ArrayPair, digits: int, moved: np.ndarray, doubt: float = 0.0
) -> bool:
    """Whether numbers enough would be others if it were not this change that is behind them."""
    if change.kind == ZERO:
        return bool(pair.a.any())
    if change.kind in ROUNDINGS:
        bits = bits_of_rounding(change.kind, change.amount, pair)
    else:
        bits = _bits(change, pair, digits, moved)
    found = change.kind == PLUS or (change.kind == FACTOR and change.amount not in PLAIN)
    bits = np.sort(bits)[: len(bits) - found]  # one number is needed to find the factor
    return len(bits) >= _FEWEST and float(bits.sum()) - doubt >= _ENOUGH


def _bits(change: Change, pair: ArrayPair, digits: int, moved: np.ndarray) -> np.ndarray:
    """Returns how closely a change gives the numbers that it changes, each in bits."""
    speak = (moved > 0) & known(pair) & np.isfinite(pair.a) & np.isfinite(pair.b)
    speak &= (pair.a != 0) & (pair.b != 0)
    if not speak.any():
        return np.zeros(0)
    # A change shows in what it moves; and of equal numbers, a factor may as well be a constant.
    size = np.minimum(moved[speak], np.ptp(pair.b[speak]))
    if change.kind != PLUS:
        size = np.minimum(size, np.abs(pair.b[speak]))
    return np.maximum(np.log2(size / allowed(_changed(change, pair), digits)[speak]), 0)


def _proposals(pair: ArrayPair, digits: int) -> Iterator[Iterator[Change]]:
    """Yields every kind of change, each as alternatives of which the first that fits counts."""
    yield (Change(FACTOR, amount) for amount in factors(pair, digits))
    yield (Change(PLUS, amount) for amount in constants(pair, digits))
    yield iter((Change(ABSOLUTE),))
    yield iter((Change(ZERO, float(pair.half_b.max())),))
    for kind, amounts in ROUNDINGS.items():
        yield (Change(kind, amount) for amount in amounts)
