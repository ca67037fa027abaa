"""A comparison of functions: run every program, hold it against the reference, decide."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError, first_line
from compare.evidence.local.certificate import Ends, ends_of
from compare.evidence.local.check import Checks
from compare.evidence.local.specification import Specification, specification
from compare.function_results import FunctionReport, Standing, WeightPair, Weights
from compare.implementations.environment import describe_environment
from compare.implementations.programs.base import Program, Reference
from compare.implementations.user.sandbox import contained, errors_told
from compare.pairing.pairing import Pairing
from compare.pipeline.reasons import reason_for
from compare.pipeline.run_evidence import RunEvidence
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import failing
from compare.verdict.function_remarks import on_places
from compare.verdict.functions import NOT_HELD, decide, decide_reference
from compare.verdict.headline import headline
from compare.verdict.matched_places import with_places
from compare.verdict.weights import between_equals, with_weights

_EXACT = np.dtype(np.float64)
_BY_WEIGHT = ("agree", "undecided", "disagree")  # verdicts on programs


def compare_programs(
    reference: Reference,
    programs: Sequence[Program],
    problem: FunctionProblem,
    *,
    inside: np.dtype | None = None,
    config: dict[str, Any],
) -> FunctionReport:
    """Holds programs against a reference.

    Args:
      reference: that says what is right.
      programs: that are held against it.
      problem: what they compute.
      inside: the dtype in which they compute, and from which each result is rounded to that of the
        problem; None if every operation is of the dtype of the problem.
      config: what the report says of how it was made.

    Raises:
      UsageError: for a program that returns something else than the reference.
    """
    examiner = Examiner(reference, problem, inside or problem.dtype)
    standings = tuple(map(examiner.standing, programs))
    deciding = max(standings, key=lambda one: _BY_WEIGHT.index(one.verdict))
    own = examiner.reference_standing(standings)

    def told(name: str, sentence: str) -> str:
        return f"{name}: {sentence}" if len(programs) > 1 else sentence

    remarks = [told(one.name, remark) for one in standings for remark in one.remarks]
    if own.verdict != "agree":
        remarks.insert(0, f"the reference: {own.sentence}")
    first, where = headline(deciding.name, deciding.sentence, deciding.reason, basis=deciding.basis)
    remarks = [*where, *remarks]
    return FunctionReport(
        verdict=deciding.verdict,
        headline=first,
        reason="; ".join([first, *remarks]),
        remarks=tuple(remarks),
        warnings=tuple(told(one.name, text) for one in standings for text in one.warnings),
        config=config,
        environment=describe_environment(sorted({one.device for one in standings})),
        reference=own,
        candidates=standings,
    )


class Examiner:
    """What is known of the reference, and of every program that was run."""

    def __init__(self, reference: Reference, problem: FunctionProblem, inside: np.dtype) -> None:
        self._reference, self.problem, self.inside = reference, problem, inside
        self.specification = functools.cache(self._specified)
        self.ends = functools.cache(self._ended)
        self.own = functools.cache(self._own)

    def standing(self, program: Program) -> Standing:
        """Decides on a program."""
        found = self.examined(program, self.inside)
        return _standing(program, found, decide(found))

    def reference_standing(self, others: Sequence[Standing]) -> Standing:
        """Says how the reference keeps to its own bounds, if it or another program may not."""
        found = self.own(self.inside)
        is_off = any(one.first or one.verdict != "agree" or one.warnings for one in others)
        if is_off or not all(one.holds for one in found.at_ends):
            return _standing(self._reference.program, found, decide_reference(found))
        return Standing(
            name=self._reference.program.name,
            framework=self._reference.program.framework,
            device=self._reference.program.device,
            checks=(),
            ends=found.at_ends,
            places=len(found.specification.places),
            recorded=0,
            **NOT_HELD._asdict(),
        )

    def _own(self, dtype: np.dtype) -> RunEvidence:
        """Returns the evidence on the reference itself."""
        return self.examined(self._reference.program, dtype)

    def exact(self, program: Program) -> RunEvidence | str:
        """Returns the evidence on a program in float64, or why there is none."""
        if program.is_stored:
            return "its arrays exist already"
        try:
            self.own(_EXACT)  # which it is held against
            return self.examined(program, _EXACT)
        except Exception as error:  # of a user's code, or of a library on its behalf
            kind = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
            return f"{kind}{first_line(error)}"

    def at(self, problem: FunctionProblem) -> "Examiner":
        """Returns what is known at other arguments of the same form: equations are traced once."""
        other = Examiner(self._reference, problem, self.inside)
        other.specification = functools.cache(lambda dtype: self.specification(dtype).at(problem))
        return other

    def examined(self, program: Program, dtype: np.dtype) -> RunEvidence:
        """Runs a program in a dtype, and returns the evidence on it.

        Raises:
          UsageError: if it returns something else than the reference.
        """
        specified = self.specification(dtype)
        as_specified = dtype == _EXACT or program is self._reference.program
        problem = specified.problem if as_specified else self.problem
        with jax.enable_x64(problem.dtype == _EXACT):
            recording = program.run(problem)
        _check_results(program.name, recording, specified)
        return RunEvidence(self, program, recording, dtype)

    def _specified(self, dtype: np.dtype) -> Specification:
        """Returns the equations of the reference in a dtype."""
        problem = self.problem.in_dtype(dtype, self._reference.call_in(dtype))
        rounded_to = self.problem.dtype if dtype == self.inside else dtype
        with contained(), errors_told("reference: cannot be followed", passes=UsageError):
            return specification(problem, rounded_to=rounded_to, quiet=self._reference.weights)

    def _ended(self, dtype: np.dtype) -> Ends:
        """Returns what they make from end to end."""
        return ends_of(self.specification(dtype))


def _with_ties_admitted(found: RunEvidence) -> Checks:
    """Returns all checks: where a choice at a tie explains one, that with all choices admitted."""
    ties = {one.key for one in failing(found).ties}
    tied = {one.key: one for one in found.tied} if ties else {}
    return tuple(tied[one.key] if one.key in ties else one for one in found.checks)


def _standing(program: Program, found: RunEvidence, decided: Finding) -> Standing:
    places = found.specification.places
    # a torch module has submodules, such as nn.Flatten, that make nothing of their own
    has_names = program.framework == "jax" and program.matching is None
    unknown = found.unknown if has_names else []
    told = on_places(len(places), found.missing, unknown)
    reason = reason_for(found, decided)
    if program.pairing is not None:
        wrong = tuple(one for one in found.checks if not one.holds)
        undecided = between_equals(decided, wrong, reason, program.pairing)
        if undecided is not None:
            decided, reason = undecided, None
    called = (f"it is called {program.called}",) if program.called else ()
    if program.matching is not None and decided.first is not None:
        before = found.specification.unknown_before(decided.first.key, found.recording.places)
        decided = with_places(decided, program.matching, before)
    if program.pairing is not None:
        is_same = program.is_same_by_itself
        decided = with_weights(decided, program.pairing, is_same_by_itself=is_same)
    remarks = (*decided.remarks, *called, *told)
    return Standing(
        name=program.name,
        framework=program.framework,
        device=program.device,
        checks=_with_ties_admitted(found),
        ends=found.at_ends,
        places=len(places),
        recorded=len(places) - len(found.missing),
        reason=reason if decided.first is not None else None,
        weights=None if program.pairing is None else _weights(program.pairing),
        **decided._replace(remarks=remarks)._asdict(),
    )


def _weights(pairing: Pairing) -> Weights:
    pairs = (
        WeightPair(name, one.sources, pairing.layouts.get(name, ""))
        for name, one in pairing.arrangements.items()
    )
    wrong = tuple(one.sentence for one in pairing.findings)
    return Weights(tuple(pairs), pairing.kept, pairing.unused, wrong)


def _check_results(name: str, recording: Recording, specified: Specification) -> None:
    """Checks that a program returns what the reference does.

    Raises:
      UsageError: if not.
    """
    shapes = zip(specified.names, specified.traced.closed.out_avals, strict=True)
    wanted: dict[str, dict[str, tuple[int, ...]]] = {"output": {}, "gradient": {}}
    for (kind, result), aval in shapes:
        wanted.setdefault(kind, {})[result] = aval.shape
    _check_group(name, "outputs", recording.outputs, wanted["output"])
    _check_group(name, "gradients by", recording.gradients, wanted["gradient"])


def _check_group(
    name: str,
    kind: str,
    found: Mapping[str, np.ndarray],
    wanted: Mapping[str, tuple[int, ...]],
) -> None:
    if set(found) != set(wanted):
        raise UsageError(
            f"{name}: expected {kind} {', '.join(wanted) or 'nothing'}, as the reference has them, "
            f"got {', '.join(found) or 'none'}"
        )
    for result, shape in wanted.items():
        if found[result].shape != shape:
            raise UsageError(
                f"{name}: {result}: expected shape {shape}, as the reference has it, got "
                f"{found[result].shape}"
            )
