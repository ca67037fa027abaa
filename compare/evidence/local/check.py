"""One place of a program, held against what the places before it ask for."""

import dataclasses
import functools
import math
from collections.abc import Sequence

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
      untested: how many may be anything by TYPICAL typical + floor, which is as large as that.
      adrift: the largest |found - expected| of these; infinite or NaN where found is.
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
    untested: int
    adrift: float
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
    entries = _entries(stored, expected, u)
    index = entries.index

    def at_index(array: np.ndarray) -> float:
        return float(array[index]) if array.size else 0.0

    return Check(
        kind=kind,
        name=name,
        sources=sources,
        shape=entries.exact.shape,
        index=index,
        found=at_index(entries.found),
        expected=at_index(entries.exact),
        worst=at_index(entries.worst),
        typical=at_index(entries.typical),
        floor=entries.floor,
        used=float(entries.used.max(initial=0)),
        unlikely=float(entries.unlikely.max(initial=0)),
        **entries.counts(),
        adrift=float(np.max(entries.distance, where=entries.are_untested, initial=0)),
        is_zero=may_be_zero(entries.exact, (entries.worst, entries.typical)),
        largest=entries.largest,
        difference=float(np.max(entries.distance, where=~np.isnan(entries.distance), initial=0)),
        apart=differences(stored, entries.exact, u),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class _Entries:
    """What was found beside what is expected, entry by entry: float64 arrays of one shape.

    Attributes:
      found: the array.
      exact: what is expected.
      worst: the bounds of rounding errors; infinite where there is none.
      typical: the scales of rounding errors, likewise.
      largest: the magnitude of the largest entry that is finite.
      floor: what any entry may be off by besides.
    """

    found: np.ndarray
    exact: np.ndarray
    worst: np.ndarray
    typical: np.ndarray
    largest: float
    floor: float

    @functools.cached_property
    def are_same(self) -> np.ndarray:
        """Which are equal, or NaN both."""
        return (self.found == self.exact) | (np.isnan(self.found) & np.isnan(self.exact))

    @functools.cached_property
    def distance(self) -> np.ndarray:
        """How far apart they are; NaN where only one is."""
        with np.errstate(all="ignore"):
            return np.where(self.are_same, 0.0, np.abs(self.found - self.exact))

    @functools.cached_property
    def used(self) -> np.ndarray:
        """The share of worst + floor that each uses."""
        return _share(self.distance, self.worst + self.floor)

    @functools.cached_property
    def allowed(self) -> np.ndarray:
        """TYPICAL typical + floor."""
        with np.errstate(over="ignore"):
            return TYPICAL * self.typical + self.floor

    @functools.cached_property
    def unlikely(self) -> np.ndarray:
        """The share of that which each uses."""
        return _share(self.distance, self.allowed)

    @functools.cached_property
    def are_half_finite(self) -> np.ndarray:
        """Which are finite on one side only, where no bound says that they are not."""
        return (np.isfinite(self.found) != np.isfinite(self.exact)) & ~np.isfinite(self.worst)

    @functools.cached_property
    def are_open(self) -> np.ndarray:
        """Which are not the same NaN or infinity on both sides.

        Where no number is finite, even float64 may have overflown.
        """
        is_finite = np.isfinite(self.exact)
        is_meant = np.isfinite(self.worst) | np.isnan(self.exact) | is_finite.any()
        return ~(self.are_same & ~is_finite & is_meant)

    @functools.cached_property
    def are_untested(self) -> np.ndarray:
        """Which may be anything, as rounding usually is."""
        return self.are_open & (self.allowed >= (self.largest or np.inf))

    @property
    def index(self) -> tuple[int, ...]:
        """Where most is used: of the bound if that is exceeded, else of what is usual."""
        if not self.exact.size:
            return ()
        used = self.used if self.used.max() > 1 else self.unlikely
        ranked = np.where(self.are_half_finite, np.inf, used)
        return tuple(map(int, np.unravel_index(int(np.argmax(ranked)), self.exact.shape)))

    def counts(self) -> dict[str, int]:
        """Counts entries as the attributes of a check do."""
        is_finite, is_bounded = np.isfinite(self.exact), np.isfinite(self.worst)
        masks = {
            "beyond": self.used > 1,
            "vacuous": self.are_open & (self.worst + self.floor >= (self.largest or np.inf)),
            "untested": self.are_untested,
            "unbounded": ~is_bounded,
            "overflown": self.are_half_finite & is_finite,
            "undefined": self.are_half_finite & ~is_finite,
            "nans": np.isnan(self.found) & np.isnan(self.exact),
        }
        return {name: int(np.count_nonzero(mask)) for name, mask in masks.items()}


def _entries(found: np.ndarray, expected: Enclosure, u: float) -> _Entries:
    exact = np.asarray(expected.value).astype(np.float64)
    errors = np.asarray(expected.error).astype(np.float64)
    worst, typical = np.where(np.isnan(errors), np.inf, errors)
    is_finite = np.isfinite(exact)
    largest = float(np.abs(exact, where=is_finite, out=np.zeros_like(exact)).max(initial=0))
    floor = FLOOR * u * largest if expected.value.dtype.kind == "f" else 0.0
    return _Entries(found.astype(np.float64), exact, worst, typical, largest, floor)


def may_be_zero(exact: np.ndarray, errors: Sequence[np.ndarray]) -> bool:
    """Whether numbers are no larger than rounding errors, the bound and the usual ones."""
    allowed = np.minimum(errors[0], TYPICAL * errors[1])
    return bool((np.abs(exact) <= allowed).all() and np.isfinite(allowed).all())


def _share(distance: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Returns distance / allowed: 0 where anything is allowed, infinite where NaN stands alone."""
    with np.errstate(all="ignore"):
        share = np.where(distance > 0, distance / allowed, 0.0)
    return np.where(np.isinf(allowed), 0.0, np.where(np.isnan(distance), np.inf, share))
