"""Where the places of a reference are in a program that has other names, or none."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.matching.alignment import stand_ins
from compare.matching.continuation import Continuation, by_places
from compare.matching.fingerprint import largest
from compare.matching.intermediates import Fit, Intermediates, quiet, tolerance, wide, with_zeros
from compare.matching.layout import Layout
from compare.problem.cuts import cotangent_name, is_cotangent
from compare.problem.recording import Key, Recording


class Match(NamedTuple):
    """An array of a program that is, laid out, what another has at a place.

    Attributes:
      name: of the array.
      layout: that it needs.
      has_cotangent: whether its cotangent is that of the place too.
    """

    name: str
    layout: Layout
    has_cotangent: bool


@dataclasses.dataclass(frozen=True)
class Matching:
    """What was found.

    Attributes:
      matches: place of the reference -> what stands there.
      missing: the places whose value is nowhere, in the order of the program.
      unsure: the places whose value was found, but not its cotangent, unless that is 0; likewise.
      parted: (kind, name) of the places where other numbers stand than what comes before asks for,
        as of `Recording.of`, in the order in which they are computed.
    """

    matches: Mapping[str, Match]
    missing: tuple[str, ...]
    unsure: tuple[str, ...]
    parted: tuple[Key, ...] = ()

    @property
    def chosen(self) -> frozenset[str]:
        """The names of all arrays that stand somewhere, without the numbers of their times."""
        return frozenset(match.name.partition("@")[0] for match in self.matches.values())

    def applied(self, recording: Recording) -> Recording:
        """Returns a recording of the program with the places of the reference.

        Places that were not recorded, or have another number of entries, are left out.
        """
        places: dict[str, np.ndarray] = {}
        known = with_zeros(recording.places)
        for place, match in self.matches.items():
            wanted = {place: match.name}
            if match.has_cotangent:
                wanted[cotangent_name(place)] = cotangent_name(match.name)
            for name, own in wanted.items():
                found = known.get(own)
                if found is not None and match.layout.takes(found):
                    places[name] = match.layout.of(found)
        return dataclasses.replace(recording, places=places)


def matched(
    reference: Recording,
    own: Recording,
    going_on: Continuation | None = None,
    twins: Mapping[str, Sequence[str]] | None = None,
) -> Matching:
    """Finds the places of a reference in a program by the values and cotangents there.

    Of several arrays that have the value of a place the one is taken that has its cotangent too.
    If the results differ, so that there is a mistake somewhere, the first place that is nowhere
    is one that has other numbers: the array is taken from which on what follows is found.

    Args:
      reference: computed in float64.
      own: of the program, computed in float64 at the same arguments against the same cotangents,
        with all its intermediate values as places, and its results by the names of the reference.
      going_on: what the reference computes from arrays at some places; None to find only what is
        the same.
      twins: submodule of the reference -> own ones that hold the same weights.
    """
    known = Intermediates(own.places, tolerance(own.narrowest, reference.narrowest))
    given = stand_ins(going_on, reference, own, known, twins or {}) if going_on else {}
    now = going_on(by_places(given)) if going_on and given else reference
    theirs = wide(now.places) | by_places(given)
    silent = quiet(one for name, one in theirs.items() if is_cotangent(name))
    matches: dict[str, Match] = {}
    missing, unsure = [], []
    for place, value in theirs.items():
        if is_cotangent(place):
            continue
        slope = theirs.get(cotangent_name(place))
        found = _best(known.fits(value, slope, silent), is_telling=not known.is_constant(value))
        if found is None:
            missing.append(place)
            continue
        matches[place] = found
        if slope is not None and not found.has_cotangent and not largest(slope) <= silent:
            unsure.append(place)
    if going_on and (missing or unsure):
        order = {place: i for i, place in enumerate(going_on.places)}
        missing.sort(key=lambda place: order.get(place, len(order)))
        unsure.sort(key=lambda place: order.get(place, len(order)))
    return Matching(matches, tuple(missing), tuple(unsure), tuple(given))


def _best(fits: Sequence[Fit], *, is_telling: bool) -> Match | None:
    """Returns the best of arrays that have the value of a place.

    Args:
      fits: these arrays.
      is_telling: whether the value by itself says which it is.
    """
    both = [one for one in fits if one.cotangent_apart is not None]
    if both or (fits and is_telling):
        chosen = min(both or fits, key=lambda one: one.rank)
        return Match(chosen.name, chosen.layout, bool(both))
    return None
