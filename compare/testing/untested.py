"""Results of a kernel whose rounding may be as large as they are, so that none of it was tested."""

import numpy as np

from compare.evidence.local.check import FLOOR, TYPICAL
from compare.evidence.rounding import roundoff
from compare.evidence.rounding.arithmetic import number_range
from compare.function_results import Standing
from compare.numbers import counted
from compare.problem.function import FunctionProblem


def untested(standing: Standing, problem: FunctionProblem) -> str:
    """Says which result was tested in float64 alone; '' if none was.

    A result that is 0 in exact arithmetic is none of them: rounding is all that is there.

    Args:
      standing: of a kernel that agrees.
      problem: what it computes, in the dtype that it computes in.
    """
    if standing.basis == "certificate":
        return ""
    zeros = {one.name for one in standing.exact if one.is_zero}
    bounded = roundoff(problem.results, problem.dtype, reading="typical")
    exact, typical = bounded(problem.arguments.arrays, problem.cotangents)
    u = number_range(problem.dtype).u
    for values, errors in zip(exact, typical, strict=True):
        for name, one in values.items():
            many = 0 if name in zeros else _silent(one, errors[name], u)
            if many:
                entries = counted(one.size, "entry", "entries")
                return (
                    f"in {problem.dtype.name} rounding may be as large as {many:,} of {entries} of "
                    f"{name}, so that nothing was tested there"
                )
    return ""


def _silent(values: np.ndarray, errors: np.ndarray, u: float) -> int:
    """Counts entries of which correct code may have anything."""
    if values.dtype.kind != "f":
        return 0
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0))
    return int(np.count_nonzero(TYPICAL * errors + FLOOR * u * largest >= (largest or np.inf)))
