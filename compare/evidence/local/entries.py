"""An array that was found, beside what is expected of it: entry by entry."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from compare.evidence.rounding.enclosure import Enclosure

FLOOR = 4  # roundings of the largest entry that another correct formula may differ by
TYPICAL = 4  # typical errors that correct code stays below


@dataclasses.dataclass(frozen=True, eq=False)
class Entries:
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


def entries_of(found: np.ndarray, expected: Enclosure, u: float) -> Entries:
    """Puts an array beside what is expected.

    Args:
      found: of the shape of what is expected.
      expected: in the readings 'worst' and 'typical'.
      u: the unit roundoff of the dtype that it was computed in.
    """
    exact = np.asarray(expected.value).astype(np.float64)
    errors = np.asarray(expected.error).astype(np.float64)
    worst, typical = np.where(np.isnan(errors), np.inf, errors)
    is_finite = np.isfinite(exact)
    largest = float(np.abs(exact, where=is_finite, out=np.zeros_like(exact)).max(initial=0))
    floor = FLOOR * u * largest if expected.value.dtype.kind == "f" else 0.0
    return Entries(found.astype(np.float64), exact, worst, typical, largest, floor)


def may_be_zero(exact: np.ndarray, errors: Sequence[np.ndarray]) -> bool:
    """Whether numbers are no larger than rounding errors, the bound and the usual ones."""
    allowed = np.minimum(errors[0], TYPICAL * errors[1])
    return bool((np.abs(exact) <= allowed).all() and np.isfinite(allowed).all())


def _share(distance: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Returns distance / allowed: 0 where anything is allowed, infinite where NaN stands alone."""
    with np.errstate(all="ignore"):
        share = np.where(distance > 0, distance / allowed, 0.0)
    return np.where(np.isinf(allowed), 0.0, np.where(np.isnan(distance), np.inf, share))
