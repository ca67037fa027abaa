"""One place of a program, held against what the places before it ask for."""

import dataclasses
import math

import numpy as np

from compare.evidence.local.differences import Differences, differences
from compare.evidence.local.entries import entries_of, may_be_zero
from compare.evidence.rounding.enclosure import Enclosure
from compare.problem.recording import Key

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
    entries = entries_of(stored, expected, u)
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
