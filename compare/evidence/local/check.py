"""One place of a program, held against what the places before it ask for."""

import dataclasses
import math

import numpy as np

from compare.evidence.local.differences import Differences, differences
from compare.evidence.rounding.enclosure import Enclosure
from compare.problem.recording import Key

FLOOR = 4  # roundings of the largest entry that another correct formula may differ by
TYPICAL = 4  # typical errors that correct code stays below

# kinds of checks, in the order of the data
KINDS = ("forward", "output", "statistic", "backward", "gradient")


@dataclasses.dataclass(frozen=True)
class Check:
    """What was found at a place beside what is expected there.

    Of integers and booleans nothing is rounded: what is expected is exact, or uncertain.

    Attributes:
      kind: one of KINDS.
      name: of the place, the output or the argument.
      sources: the places and arguments that it was computed from.
      shape: of the array.
      index: of the entry that uses most of what is allowed.
      found: that entry.
      expected: its exact value, from what was recorded at the sources.
      worst: the bound of its rounding error, which is proved.
      typical: the scale of its rounding error.
      floor: FLOOR roundings of the largest entry, for the freedom to choose a formula.
      used: the largest share of worst + floor; over 1 it is no rounding.
      unlikely: the largest share of TYPICAL typical + floor; over 1 that is not likely to be.
      beyond: how many entries are beyond worst + floor.
      vacuous: how many entries have a bound as large as the largest entry.
      unbounded: how many entries have an infinite bound.
      overflown: how many entries are not finite, where the exact value is and may overflow.
      undefined: how many entries are finite, where the exact value is not.
      nans: how many entries are NaN, as the exact value is.
      is_zero: whether every entry may well be 0 but for rounding.
      largest: the magnitude of the largest entry that is finite.
      difference: the largest |found - expected|.
      apart: the largest relative difference, and the most numbers between the two.
    """

    kind: str
    name: str
    sources: tuple[str, ...]
    shape: tuple[int, ...]
    index: tuple[int, ...]
    found: float
    expected: float
    worst: float
    typical: float
    floor: float
    used: float
    unlikely: float
    beyond: int
    vacuous: int
    unbounded: int
    overflown: int
    undefined: int
    nans: int
    is_zero: bool
    largest: float
    difference: float
    apart: Differences

    @property
    def key(self) -> Key:
        """What it has in common with checks of other programs."""
        return self.kind, self.name

    @property
    def holds(self) -> bool:
        """Whether rounding explains every entry."""
        return self.used <= 1

    @property
    def is_typical(self) -> bool:
        """Whether it is of the size that rounding errors have."""
        return self.unlikely <= 1

    @property
    def entries(self) -> int:
        """How many entries it has."""
        return math.prod(self.shape)

    @property
    def relative(self) -> float:
        """The largest difference, relative to the largest entry."""
        return self.difference / self.largest if self.largest else self.difference


Checks = tuple[Check, ...]


def check(
    kind: str, name: str, sources: tuple[str, ...], found: np.ndarray, expected: Enclosure, u: float
) -> Check:
    """Holds an array against what it is expected to be.

    Args:
      kind: one of KINDS.
      name: of the place.
      sources: that the place was computed from.
      found: the array, of the shape of what is expected.
      expected: in the readings 'worst' and 'typical'.
      u: the unit roundoff of the dtype that it was computed in.
    """
    stored = np.asarray(found)
    found = stored.astype(np.float64)
    exact = np.asarray(expected.value).astype(np.float64)
    errors = np.asarray(expected.error).astype(np.float64)
    errors = np.where(np.isnan(errors), np.inf, errors)
    is_finite = np.isfinite(exact)
    largest = float(np.abs(exact, where=is_finite, out=np.zeros_like(exact)).max(initial=0))
    floor = FLOOR * u * largest if expected.value.dtype.kind == "f" else 0.0
    with np.errstate(all="ignore"):
        is_same = (found == exact) | (np.isnan(found) & np.isnan(exact))
        distance = np.where(is_same, 0.0, np.abs(found - exact))
        used = _share(distance, errors[0] + floor)
        unlikely = _share(distance, TYPICAL * errors[1] + floor)
        says_nothing = errors[0] + floor >= (largest or np.inf)
    apart, known = np.isfinite(found) != is_finite, np.isfinite(errors[0])
    overflown, undefined = apart & is_finite & ~known, apart & ~is_finite & ~known
    most = used if np.max(used, initial=0) > 1 else unlikely
    ranked = np.where(overflown | undefined, np.inf, most)
    at = np.unravel_index(int(np.argmax(ranked)), exact.shape) if exact.size else ()
    index = tuple(map(int, at))

    def entry(array: np.ndarray) -> float:
        return float(array[index]) if exact.size else 0.0

    return Check(
        kind=kind,
        name=name,
        sources=sources,
        shape=exact.shape,
        index=index,
        found=entry(found),
        expected=entry(exact),
        worst=entry(errors[0]),
        typical=entry(errors[1]),
        floor=floor,
        used=float(used.max(initial=0)),
        unlikely=float(unlikely.max(initial=0)),
        beyond=int(np.count_nonzero(used > 1)),
        vacuous=int(np.count_nonzero(says_nothing & ~(is_same & ~is_finite))),
        unbounded=int(np.count_nonzero(~known)),
        overflown=int(np.count_nonzero(overflown)),
        undefined=int(np.count_nonzero(undefined)),
        nans=int(np.count_nonzero(np.isnan(found) & np.isnan(exact))),
        is_zero=may_be_zero(exact, errors),
        largest=largest,
        difference=float(np.max(distance, where=~np.isnan(distance), initial=0)),
        apart=differences(stored, exact, u),
    )


def may_be_zero(exact: np.ndarray, errors: np.ndarray) -> bool:
    """Whether numbers are no larger than rounding errors, the bound and the usual ones."""
    allowed = np.minimum(errors[0], TYPICAL * errors[1])
    return bool((np.abs(exact) <= allowed).all() and np.isfinite(allowed).all())


def _share(distance: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Returns distance / allowed: 0 where anything is allowed, infinite where NaN stands alone."""
    share = np.where(distance > 0, distance / allowed, 0.0)
    return np.where(np.isinf(allowed), 0.0, np.where(np.isnan(distance), np.inf, share))
