"""The arrays of a program without names of its own, to look for those of another among them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from compare.matching.fingerprint import Index, largest
from compare.matching.layout import Layout
from compare.matching.pair import Pair, common_layout
from compare.problem.cuts import cotangent_name, is_cotangent

# How far arrays may be apart that are the same, relative to the largest entry: two runs of the same
# mathematics in float64, or with float32 in one of them.
_TOLERANCES = {"float64": 1e-9, "float32": 1e-5}
_QUIET = 1e-13  # of the largest cotangent of all: what may be 0 but for rounding in float64


def tolerance(*narrowest: str) -> float:
    """Returns how far arrays may be apart that are the same, relative to the largest entry.

    Args:
      *narrowest: the dtypes of fewest digits that they are computed in, '' if that is not known.
    """
    return max(_TOLERANCES.get(one, 0.0) for one in (*narrowest, "float64"))


def is_number(name: str) -> bool:
    """Whether a place is known by the number of its equation alone, '#12' or '~12'."""
    return name.startswith(("#", "~"))


def is_input(name: str) -> bool:
    """Whether a place is what the program is given: a weight, or another argument."""
    return is_number(name) and name[1:].startswith("in")


def number(name: str) -> int:
    """Returns the number of the equation by which a place is known, 0 if it has another name."""
    digits = name[1:].partition(".")[0]
    return int(digits) if is_number(name) and digits.isdigit() else 0


class Fit(NamedTuple):
    """An array that has the value of a place.

    Attributes:
      name: of the array.
      layout: that it needs.
      apart: how far values are apart at most, relative to the largest.
      cotangent_apart: likewise of its cotangent; None if that is another one.
    """

    name: str
    layout: Layout
    apart: float
    cotangent_apart: float | None

    @property
    def rank(self) -> tuple[float, float, bool, bool, bool]:
        """What is least for the best: the nearest, then whole values, those with names, as here."""
        slope = self.cotangent_apart or 0.0
        worst, both = max(self.apart, slope), self.apart + slope
        return worst, both, "<" in self.name, is_number(self.name), not self.layout.is_plain


class Intermediates:
    """Values and cotangents of a program.

    Attributes:
      arrays: both by their names, in float64.
      tolerance: how far arrays may be apart that are the same, relative to the largest entry.
    """

    def __init__(self, places: Mapping[str, np.ndarray], tolerance: float) -> None:
        self.arrays, self.tolerance = wide(with_zeros(places)), tolerance
        values = {name: one for name, one in self.arrays.items() if not is_cotangent(name)}
        self._index = Index(values, tolerance)

    def fits(
        self, value: np.ndarray, slope: np.ndarray | None = None, quiet: float = 0.0
    ) -> list[Fit]:
        """Returns all arrays that have a value.

        Args:
          value: finite, or there is none.
          slope: the cotangent of it, if there is one.
          quiet: what may be taken for 0 in cotangents.
        """
        found = (self._fit(name, value, slope, quiet) for name in self._index.like(value))
        return [one for one in found if one is not None]

    def of_size(self, size: int) -> list[str]:
        """Returns the names of all values of so many entries that are finite."""
        return self._index.of_size(size)

    def cotangent(self, name: str, layout: Layout) -> np.ndarray | None:
        """Returns the cotangent of a value, laid out, if it is known."""
        found = self.arrays.get(cotangent_name(name))
        return None if found is None else layout.of(found)

    def are_same(self, theirs: np.ndarray, own: np.ndarray, floor: float = 0.0) -> bool:
        """Whether two arrays are the same, entry by entry."""
        return theirs.shape == own.shape and largest(theirs - own) <= self._allowed(theirs, floor)

    def is_constant(self, value: np.ndarray) -> bool:
        """Whether all entries are equal, so that nothing can be told by them."""
        return not value.size or float(np.ptp(value)) <= self._allowed(value)

    def _fit(
        self, name: str, value: np.ndarray, slope: np.ndarray | None, quiet: float
    ) -> Fit | None:
        values = Pair(value, self.arrays[name], self._allowed(value))
        own_slope = self.arrays.get(cotangent_name(name))
        scale = largest(value) or 1.0
        if slope is not None and own_slope is not None:
            slopes = Pair(slope, own_slope, self._allowed(slope, quiet))
            layout = common_layout(values, slopes)
            if layout is not None:
                apart = slopes.apart(layout) / (largest(slope) or 1.0)
                return Fit(name, layout, values.apart(layout) / scale, apart)
        layout = common_layout(values)
        return None if layout is None else Fit(name, layout, values.apart(layout) / scale, None)

    def _allowed(self, theirs: np.ndarray, floor: float = 0.0) -> float:
        return self.tolerance * largest(theirs) + floor


def with_zeros(places: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Adds the cotangents that are 0, which programs do not compute, if there are others.

    Args:
      places: values and cotangents; of values that depend on what is differentiated the names begin
        with '#'.
    """
    found = dict(places)
    if any(map(is_cotangent, places)):
        for name, one in places.items():
            if name.startswith("#"):
                found.setdefault(cotangent_name(name), np.zeros_like(one))
    return found


def quiet(arrays: Iterable[np.ndarray]) -> float:
    """Returns what may be taken for 0 in cotangents or gradients, of all of them."""
    sizes = map(largest, arrays)
    return _QUIET * max((one for one in sizes if np.isfinite(one)), default=0.0)


def wide(places: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns arrays in float64."""
    return {name: np.asarray(one, np.float64) for name, one in places.items()}
