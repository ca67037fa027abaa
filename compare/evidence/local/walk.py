"""One pass through the equations of a reference, on the values that an implementation had."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from compare.evidence.local.specification import Specification
from compare.evidence.rounding.arithmetic import Arithmetic, number_range
from compare.evidence.rounding.enclosure import Analysis, Enclosure, Equation
from compare.evidence.rounding.places import Calls
from compare.evidence.rounding.primitives.application import apply
from compare.evidence.rounding.readings import READINGS
from compare.evidence.rounding.roundoff_transform import analysis_of, evaluated
from compare.problem.occurrences import Occurrences
from compare.problem.recording import Arrays, key_of

# (kind, name, sources, what is expected there)
Hold = Callable[[str, str, frozenset[str], Enclosure], None]


def follow(
    specification: Specification,
    places: Arrays,
    hold: Hold,
    *,
    arithmetic: Arithmetic | None = None,
    calls: Calls | None = None,
) -> None:
    """Evaluates a reference, and goes on from what was recorded wherever something was.

    Args:
      specification: of the reference.
      places: what was recorded, by places; none to evaluate it from end to end.
      hold: is given what is expected at every place, and then of every result.
      arithmetic: how matrix products of the dtype are computed; None if by operations of dtype.
      calls: applies the equations; None to apply them as they are.
    """
    traced, dtype = specification.traced, specification.problem.dtype
    known = analysis_of(traced, dtype, READINGS, arithmetic)
    walk = _Walk(specification, places, hold, calls)
    analysis = replace(known, apply=walk.apply, within=walk.within)
    results = evaluated(traced, dtype, analysis)
    sources = specification.origins.results
    for (kind, name), one, before in zip(specification.names, results, sources, strict=True):
        hold(kind, name, before, walk.rounded(analysis, one))


class _Walk:
    """What is known on the way."""

    def __init__(
        self, specification: Specification, places: Arrays, hold: Hold, calls: Calls | None
    ) -> None:
        self._sources, self._recorded = specification.origins.places, places
        self._dtype, self._rounded_to = specification.problem.dtype, specification.rounded_to
        self._hold, self._calls, self._occurrences = hold, calls, Occurrences()

    @contextlib.contextmanager
    def within(self, eqn: Equation) -> Iterator[None]:
        """Evaluates a called function."""
        others = self._calls.within(eqn) if self._calls else contextlib.nullcontext()
        with self._occurrences.within(eqn), others:
            yield

    def apply(
        self, analysis: Analysis, eqn: Equation, operands: Sequence[Enclosure]
    ) -> list[Enclosure]:
        """Evaluates an equation; of a place that was recorded it returns what was there."""
        if eqn.primitive.name != "name":
            return (self._calls.apply if self._calls else apply)(analysis, eqn, operands)
        (made,), name = operands, eqn.params["name"]
        place = self._occurrences.next(name)
        if place is not None:
            sources = self._sources.get(place, frozenset())
            self._hold(*key_of(place), sources, self.rounded(analysis, made))
        found = self._recorded.get(place or self._occurrences.before(name) or "")
        if found is None or found.shape != made.value.shape:
            return [made]
        return [analysis.exact(np.asarray(found))]

    def rounded(self, analysis: Analysis, made: Enclosure) -> Enclosure:
        """Adds the error of rounding to a dtype of fewer digits, if there is one."""
        if self._rounded_to == self._dtype or made.value.dtype.kind != "f":
            return made
        u = number_range(self._rounded_to).u
        error = analysis.total(made.error * (1 + u), u * np.abs(made.value))
        return analysis.as_made(Enclosure(made.value, error), self._rounded_to)
