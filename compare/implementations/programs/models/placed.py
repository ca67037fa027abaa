"""The places of a reference in a model that has other names for them, or none."""

from collections.abc import Callable, Collection

import numpy as np

from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.intermediates.continuation import Continuation
from compare.implementations.programs.models.own_weights import OwnWeights
from compare.implementations.programs.running import guarded
from compare.matching.matching import Matching, matched
from compare.problem.cuts import is_cotangent
from compare.problem.function import FunctionProblem

_EXACT = np.dtype(np.float64)

# (names of the arrays to record, how many entries these may have) -> the program; None for all
Cut = Callable[[Collection[str] | None, Collection[int] | None], Program]


def placed(
    reference: Reference, problem: FunctionProblem, cut: Cut, weights: OwnWeights
) -> tuple[Matching, Program] | None:
    """Finds the places of a reference in a model, by running both in float64.

    Args:
      reference: that has places.
      problem: of it.
      cut: returns the model with some arrays recorded.
      weights: of the model.

    Returns:
      Where they are, and the model with those recorded; None if the reference has no places, or one
      of both cannot be computed in float64.
    """
    try:
        exact = problem.in_dtype(_EXACT, reference.call_in(_EXACT))
        theirs = reference.program.run(exact)
        sizes = {one.size for name, one in theirs.places.items() if not is_cotangent(name)}
        if not sizes:
            return None
        own = weights.recording(guarded(cut(None, sizes)).run(weights.problem(exact)), exact)
        found = matched(theirs, own, Continuation(exact))
    except Exception:  # of a user's code, or of a library on its behalf
        return None
    return found, cut(found.chosen, None)
