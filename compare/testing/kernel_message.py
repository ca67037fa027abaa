"""The message of a kernel that is not within rounding of its formula."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from compare.evidence.local.check import Check
from compare.evidence.rounding import explain
from compare.evidence.rounding.explanation import Explanation
from compare.function_results import FunctionReport, Standing
from compare.problem.function import FunctionProblem
from compare.report.text.lines import wrapped
from compare.testing.failed_check import failed, format_check, format_sources, name_of
from compare.testing.message import MOST_LINES, WIDTH, said

_RESULTS = {"output": 0, "statistic": 1, "gradient": 2}  # kind of a check -> field of `Results`


def format_failure(report: FunctionReport, problem: FunctionProblem, again: str) -> str:
    """Returns the message: the verdict, what fails, its worst entry, where its bound comes from.

    Args:
      report: on one kernel.
      problem: that it was given, in the dtype that it computes in.
      again: lines of Python that read its arguments and cotangents.
    """
    (standing,), config = report.candidates, report.config
    checks, wrong = _telling(standing)
    in_float64 = checks is not standing.checks
    parts = [said(_verdict(report, wrong))]
    if wrong is None and report.verdict == "undecided":
        parts.append(wrapped(_advice(problem), WIDTH))
    elif wrong is not None:
        rounding = "rounding in float64" if in_float64 else _rounding(config)
        parts.append(format_check(standing.name, checks, wrong, rounding))
    again = f"To run it again, {_options(config)}:\n{again}"
    if wrong is not None and wrong.kind in _RESULTS and not in_float64:
        room = MOST_LINES - sum(part.count("\n") + 2 for part in [*parts, again])
        parts.append(format_sources(_why(problem, wrong), room))
    return "\n\n".join(filter(None, [*parts, again]))


def _telling(standing: Standing) -> tuple[tuple[Check, ...], Check | None]:
    """Returns the checks that decided, and the one that failed."""
    in_float64 = standing.verdict == "disagree" and standing.basis == "float64"
    checks = standing.exact if in_float64 else standing.checks
    return checks, standing.first or failed(checks)


def _verdict(report: FunctionReport, wrong: Check | None) -> str:
    (standing,) = report.candidates
    if report.verdict == "agree" and not (wrong and wrong.holds):
        return f"{report.warnings[0]}."
    if wrong is None or (report.verdict == "undecided" and not wrong.holds):
        return f"{report.verdict}: {report.reason}."
    what = f"{name_of(wrong)} of {standing.name} is further from exact than rounding"
    where = "computed in float64, " if standing.basis == "float64" else ""
    return (
        f"unlikely: {what} is likely to be." if wrong.holds else f"disagree: {where}{what} can be."
    )


def _advice(problem: FunctionProblem) -> str:
    if problem.dtype.itemsize > np.dtype(np.float16).itemsize:
        return "Bounds say more of smaller arguments."
    return "Of a kernel that computes in float32 and rounds what it returns, say inside='float32'."


def _rounding(config: Mapping[str, str]) -> str:
    dtype, inside = config["dtype"], config["inside"]
    once = f", and once to {dtype}," if inside != dtype else ""
    return f"rounding in {inside}{once}"


def _options(config: Mapping[str, str]) -> str:
    dtype, inside = config["dtype"], config["inside"]
    return f"with dtype={dtype!r}" + f" and inside={inside!r}" * (inside != dtype)


def _why(problem: FunctionProblem, wrong: Check) -> Explanation:
    """Explains the bound of an entry of what the reference computes."""

    def entry(arrays: Any, cotangents: Any) -> Any:
        return problem.results(arrays, cotangents)[_RESULTS[wrong.kind]][wrong.name][wrong.index]

    return explain(entry, problem.arguments.arrays, problem.cotangents, dtype=problem.dtype)
