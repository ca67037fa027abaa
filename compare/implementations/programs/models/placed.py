"""The places of a reference in a model that has other names for them, or none."""

import dataclasses
from collections.abc import Callable, Collection

import numpy as np

from compare.errors import UsageError
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.intermediates.continuation import Continuation
from compare.implementations.programs.models.own_weights import OwnWeights
from compare.implementations.programs.models.twins import twins
from compare.implementations.programs.running import guarded
from compare.matching.matching import Matching, matched
from compare.problem.cuts import is_cotangent
from compare.problem.function import FunctionProblem

_EXACT = np.dtype(np.float64)
_SHARE, _LEAST = 0.1, 0.1  # by how much of their size weights are moved, and what is no smaller

# (names of the arrays to record, how many entries these may have) -> the program; None for all
Cut = Callable[[Collection[str] | None, Collection[int] | None], Program]


def placed(
    reference: Reference, problem: FunctionProblem, cut: Cut, weights: OwnWeights
) -> tuple[Matching, Program] | None:
    """Finds the places of a reference in a model, by running both in float64.

    Weights are moved a little first: a scale that is still 1, or a bias that is 0, would let values
    be equal that will not be after a step of training.

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
        exact = _moved(problem.in_dtype(_EXACT, reference.call_in(_EXACT)))
        theirs = reference.program.run(exact)
        sizes = {one.size for name, one in theirs.places.items() if not is_cotangent(name)}
        if not sizes:
            return None
        own = weights.recording(guarded(cut(None, sizes)).run(weights.problem(exact)), exact)
        alike = twins(theirs.places, own.places, weights.pairing)
        found = matched(theirs, own, Continuation(exact), alike)
    except UsageError:  # which cannot be computed in float64
        return None
    return found, cut(found.chosen, None)


def _moved(problem: FunctionProblem) -> FunctionProblem:
    """Returns a problem at weights near to its own, of which none is 0 or 1."""
    given, rng = problem.arguments, np.random.default_rng(0)
    leaves = list(given.leaves)
    for i in given.state.values():
        if i in given.wrt:
            size = max(float(np.sqrt(np.square(leaves[i]).mean())), _LEAST) if leaves[i].size else 0
            leaves[i] = leaves[i] + _SHARE * size * rng.standard_normal(leaves[i].shape)
    return dataclasses.replace(problem, arguments=dataclasses.replace(given, leaves=tuple(leaves)))
