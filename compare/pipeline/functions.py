"""A comparison of functions: run every program, hold it against the reference, decide."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from compare.evidence.local.certificate import Specification, certify, specification
from compare.evidence.local.check import Check
from compare.function_results import FunctionReport, Standing
from compare.implementations.environment import describe_environment
from compare.implementations.programs.base import Program, Reference
from compare.problem.function import FunctionProblem
from compare.verdict.functions import decide

_EXACT = np.dtype(np.float64)
Checks = tuple[Check, ...]


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
    """
    examiner = _Examiner(reference, problem, inside or problem.dtype)
    standings = tuple(map(examiner.standing, programs))
    verdicts = {one.verdict for one in standings}
    verdict = next((one for one in ("disagree", "undecided") if one in verdicts), "agree")
    deciding = next(one for one in standings if one.verdict == verdict)
    headline = f"{deciding.name}: {deciding.sentence}"
    if verdict == "agree":
        headline = "every difference is rounding"
    return FunctionReport(
        verdict,
        headline,
        headline,
        (),
        tuple(warning for one in standings for warning in one.warnings),
        config,
        describe_environment(sorted({one.device for one in standings})),
        examiner.standing(reference.program),
        standings,
    )


class _Examiner:
    """Evidence on programs, none of it computed twice, and some only if it is asked for."""

    def __init__(self, reference: Reference, problem: FunctionProblem, inside: np.dtype) -> None:
        self._reference, self._problem, self._inside = reference, problem, inside
        self._specifications: dict[np.dtype, Specification] = {}
        self._checks: dict[tuple[str, np.dtype], Checks] = {}

    def standing(self, program: Program) -> Standing:
        """Decides on a program."""
        checks = self._examined(program, self._inside)
        places = len(self._specification(self._inside).places)
        recorded = sum(one.kind in ("forward", "backward") for one in checks)
        found = decide(
            checks,
            lambda: self._examined(self._reference.program, self._inside),
            lambda: None if program.is_stored else self._examined(program, _EXACT),
            whole=recorded == places,
        )
        return Standing(
            name=program.name,
            framework=program.framework,
            device=program.device,
            checks=checks,
            places=places,
            recorded=recorded,
            **found._asdict(),
        )

    def _examined(self, program: Program, dtype: np.dtype) -> Checks:
        key = program.name, dtype
        if key not in self._checks:
            specified = self._specification(dtype)
            as_specified = dtype == _EXACT or program is self._reference.program
            problem = specified.problem if as_specified else self._problem
            with jax.enable_x64(dtype == _EXACT):
                recording = program.run(problem)
            self._checks[key] = certify(specified, recording)
        return self._checks[key]

    def _specification(self, dtype: np.dtype) -> Specification:
        if dtype not in self._specifications:
            problem = self._problem.in_dtype(dtype, self._reference.call_in(dtype))
            rounded_to = None if dtype == _EXACT else self._problem.dtype
            self._specifications[dtype] = specification(
                problem, rounded_to=rounded_to, quiet=self._reference.weights
            )
        return self._specifications[dtype]
