"""Where the places of a reference are in a program that has other names, or none."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from compare.matching.fingerprint import Index, largest
from compare.matching.layout import Layout
from compare.matching.match import Match, Pair, common_layout
from compare.problem.cuts import cotangent_name, is_cotangent
from compare.problem.recording import Recording

# How far arrays may be apart that are the same, relative to the largest entry: two runs of the same
# mathematics in float64, or with float32 in one of them.
_TOLERANCES = {"float64": 1e-9, "float32": 1e-5}
_QUIET = 1e-13  # of the largest cotangent of all: what may be 0 but for rounding in float64


@dataclasses.dataclass(frozen=True)
class Matching:
    """What was found.

    Attributes:
      matches: place of the reference -> what stands there.
      missing: the places whose value is nowhere.
      unsure: the places whose value was found, but which have another cotangent.
    """

    matches: Mapping[str, Match]
    missing: tuple[str, ...]
    unsure: tuple[str, ...]

    @property
    def chosen(self) -> frozenset[str]:
        """The names of all arrays that stand somewhere, without the numbers of their times."""
        return frozenset(match.name.partition("@")[0] for match in self.matches.values())

    def applied(self, recording: Recording) -> Recording:
        """Returns a recording of the program with the places of the reference.

        Places that were not recorded, or have another number of entries, are left out.
        """
        places: dict[str, np.ndarray] = {}
        for place, match in self.matches.items():
            wanted = {place: match.name}
            if match.has_cotangent:
                wanted[cotangent_name(place)] = cotangent_name(match.name)
            for name, own in wanted.items():
                found = recording.places.get(own)
                if found is not None and match.layout.takes(found):
                    places[name] = match.layout.of(found)
        return dataclasses.replace(recording, places=places)


def matched(reference: Recording, own: Recording) -> Matching:
    """Finds the places of a reference in a program by the values and cotangents there.

    Of several arrays that have the value of a place the one is taken that has its cotangent too.

    Args:
      reference: computed in float64.
      own: of the program, computed in float64 at the same arguments against the same cotangents,
        with all its intermediate values as places. Names in the order of the program are best.
    """
    search = _Search(reference, own)
    found = {place: search.best(place) for place in reference.places if not is_cotangent(place)}
    matches = {place: one for place, one in found.items() if one is not None}
    return Matching(
        matches,
        missing=tuple(place for place, one in found.items() if one is None),
        unsure=tuple(
            place
            for place, one in matches.items()
            if not one.has_cotangent and cotangent_name(place) in reference.places
        ),
    )


class _Fit(NamedTuple):
    """An array that has the value of a place, and how far it is off."""

    name: str
    layout: Layout
    apart: float
    cotangent_apart: float | None  # relative to the largest entry, None if it is another one


class _Search:
    """Both recordings, and what is known of their arrays."""

    def __init__(self, reference: Recording, own: Recording) -> None:
        self._theirs, self._own = _wide(reference.places), _wide(own.places)
        values = {name: one for name, one in self._own.items() if not is_cotangent(name)}
        narrowest = {reference.narrowest or "float64", own.narrowest or "float64"}
        self._tolerance = max(_TOLERANCES.get(one, 0.0) for one in narrowest)
        self._index = Index(values, self._tolerance)
        sizes = [largest(one) for name, one in self._theirs.items() if is_cotangent(name)]
        self._quiet = _QUIET * max((one for one in sizes if np.isfinite(one)), default=0.0)

    def best(self, place: str) -> Match | None:
        """Returns what stands at a place."""
        value = self._theirs[place]
        fits = [self._fit(place, name) for name in self._index.like(value)]
        known = [one for one in fits if one is not None]
        both = [one for one in known if one.cotangent_apart is not None]
        if both:
            chosen = min(both, key=_rank)
            return Match(chosen.name, chosen.layout, True, chosen.apart)
        if not known or self._is_constant(value):
            return None
        chosen = min(known, key=_rank)
        return Match(chosen.name, chosen.layout, False, chosen.apart)

    def _fit(self, place: str, name: str) -> _Fit | None:
        values = self._pair(self._theirs[place], self._own[name])
        slope = self._theirs.get(cotangent_name(place))
        own_slope = self._own.get(cotangent_name(name))
        scale = largest(values.theirs) or 1.0
        if slope is not None and own_slope is not None:
            slopes = self._pair(slope, own_slope, self._quiet)
            layout = common_layout(values, slopes)
            if layout is not None:
                apart = slopes.apart(layout) / (largest(slope) or 1.0)
                return _Fit(name, layout, values.apart(layout) / scale, apart)
        layout = common_layout(values)
        return None if layout is None else _Fit(name, layout, values.apart(layout) / scale, None)

    def _pair(self, theirs: np.ndarray, own: np.ndarray, floor: float = 0.0) -> Pair:
        return Pair(theirs, own, self._tolerance * largest(theirs) + floor)

    def _is_constant(self, array: np.ndarray) -> bool:
        """Whether all entries are equal, so that nothing can be told by them."""
        return float(np.ptp(array)) <= self._tolerance * largest(array)


def _rank(fit: _Fit) -> tuple[float, float, bool, bool]:
    """Returns what is least for the best: the nearest, then that of whole values, laid out so."""
    slope = fit.cotangent_apart or 0.0
    return max(fit.apart, slope), fit.apart + slope, "<" in fit.name, not fit.layout.is_plain


def _wide(places: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(one, np.float64) for name, one in places.items()}
