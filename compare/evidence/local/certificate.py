"""The local certificate of a run: roundoff's bounds from each place to the next.

The reference is evaluated once, in float64 with bounds of rounding errors. At every place that an
implementation has recorded, what it had there is held against the value and its bound, and the
evaluation goes on from what was recorded, which is exact. So every check spans the equations
between one place and the places before it, whatever the depth of the program.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from compare.evidence.local.check import KINDS, Check, check
from compare.evidence.local.sources import Origins, origins
from compare.evidence.rounding.arithmetic import Arithmetic, number_range
from compare.evidence.rounding.enclosure import Analysis, Enclosure, Equation
from compare.evidence.rounding.primitives.application import apply
from compare.evidence.rounding.readings import READINGS
from compare.evidence.rounding.roundoff_transform import analysis_of, evaluated
from compare.evidence.rounding.tracing import Trace, trace
from compare.problem.cuts import is_cotangent, place_name
from compare.problem.function import FunctionProblem, Results
from compare.problem.occurrences import Occurrences
from compare.problem.recording import Recording


@dataclasses.dataclass(frozen=True)
class Specification:
    """A problem as equations: what a certificate follows.

    Attributes:
      problem: of which.
      traced: its results, as a jaxpr at its arguments.
      origins: what every place and every result is computed of.
      names: (kind, name) of every result, in order.
      rounded_to: the dtype that every result and place is rounded to; that of the problem, or one
        of fewer digits.
    """

    problem: FunctionProblem
    traced: Trace
    origins: Origins
    names: tuple[tuple[str, str], ...]
    rounded_to: np.dtype

    @property
    def places(self) -> tuple[str, ...]:
        """The places in the order of the program, cotangents by their own names."""
        return tuple(self.origins.places)


def specification(
    problem: FunctionProblem, *, rounded_to: np.dtype | None = None, quiet: Sequence[str] = ()
) -> Specification:
    """Traces a problem.

    Args:
      problem: of which.
      rounded_to: the dtype that results and places are rounded to, once each; None for that of the
        problem.
      quiet: names of arguments that are not worth telling as sources, such as weights.

    Raises:
      NotImplementedError: naming all primitives that have no rule.
      TypeError: for what JAX cannot trace.
    """
    arrays, cotangents = problem.arguments.arrays, problem.cotangents
    traced = trace(problem.results, problem.dtype, (arrays, cotangents), {})
    inputs = [*problem.arguments.array_names, *("" for _ in cotangents)]
    known = [name if name not in quiet else "" for name in inputs]
    names = traced.unflatten(range(len(traced.closed.out_avals)), lambda leaf: leaf)
    found = origins(traced.closed, known)
    return Specification(problem, traced, found, tuple(_named(names)), rounded_to or problem.dtype)


def _named(numbers: Results) -> list[tuple[str, str]]:
    """Returns (kind, name) of results that are numbered in their order."""
    kinds = zip(("output", "statistic", "gradient"), numbers, strict=True)
    named = {i: (kind, name) for kind, group in kinds for name, i in group.items()}
    return [named[i] for i in range(len(named))]


def certify(
    specification: Specification, recording: Recording, arithmetic: Arithmetic | None = None
) -> tuple[Check, ...]:
    """Holds all that was recorded against what was recorded before it.

    Args:
      specification: of the problem that was computed.
      recording: of one run, in the dtype that results are rounded to, or that of the problem.
      arithmetic: how matrix products of that dtype were computed; None if by operations of dtype.

    Returns:
      One check for each place and result that both have, in the order of the data.
    """
    problem, dtype = specification.problem, specification.problem.dtype
    known = analysis_of(specification.traced, dtype, READINGS, arithmetic)
    walk = _Walk(specification, recording)
    analysis = dataclasses.replace(known, apply=walk.apply, within=walk.occurrences.within)
    results = evaluated(specification.traced, problem.dtype, analysis)
    groups = {
        "output": recording.outputs,
        "statistic": recording.statistics,
        "gradient": recording.gradients,
    }
    for (kind, name), one, sources in zip(
        specification.names, results, specification.origins.results, strict=True
    ):
        walk.hold(kind, name, sources, groups[kind].get(name), walk.rounded(analysis, one))
    return tuple(sorted(walk.checks, key=lambda one: KINDS.index(one.kind)))


class _Walk:
    """One pass through the reference, on the values of one implementation."""

    def __init__(self, specification: Specification, recording: Recording) -> None:
        self.checks: list[Check] = []
        self.occurrences = Occurrences()
        self._sources, self._recorded = specification.origins.places, recording.places
        self._dtype, self._rounded_to = specification.problem.dtype, specification.rounded_to

    def apply(
        self, analysis: Analysis, eqn: Equation, operands: Sequence[Enclosure]
    ) -> list[Enclosure]:
        """Evaluates an equation; of a place that was recorded it returns what was there."""
        if eqn.primitive.name != "name":
            return apply(analysis, eqn, operands)
        (made,), name = operands, eqn.params["name"]
        place = self.occurrences.next(name)
        found = self._recorded.get(place or self.occurrences.before(name) or "")
        if found is None or found.shape != made.value.shape:
            return [made]
        if place is not None:
            kind = "backward" if is_cotangent(place) else "forward"
            sources = self._sources.get(place, frozenset())
            self.hold(kind, place_name(place), sources, found, self.rounded(analysis, made))
        return [analysis.exact(np.asarray(found))]

    def rounded(self, analysis: Analysis, made: Enclosure) -> Enclosure:
        """Adds the error of rounding to a dtype of fewer digits, if there is one."""
        if self._rounded_to == self._dtype or made.value.dtype.kind != "f":
            return made
        u = number_range(self._rounded_to).u
        error = analysis.total(made.error * (1 + u), u * np.abs(made.value))
        return analysis.as_made(Enclosure(made.value, error), self._rounded_to)

    def hold(
        self,
        kind: str,
        name: str,
        sources: frozenset[str],
        found: np.ndarray | None,
        expected: Enclosure,
    ) -> None:
        """Adds a check of an array of real numbers, if there is one."""
        if found is not None and expected.value.dtype.kind == "f":
            known = tuple(sorted(sources))
            u = number_range(self._dtype).u
            self.checks.append(check(kind, name, known, found, expected, u))
