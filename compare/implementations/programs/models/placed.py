"""The places of a reference in a model that has other names for them, or none."""

import dataclasses
from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.intermediates.continuation import Continuation
from compare.implementations.programs.models.needed_weights import needed_weights
from compare.implementations.programs.models.own_weights import OwnWeights, state_of
from compare.implementations.programs.running import guarded
from compare.matching.matching import Matching, matched
from compare.matching.twins import twins
from compare.problem.cuts import is_cotangent
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording

_EXACT = np.dtype(np.float64)
_DTYPES = _EXACT, np.dtype(np.float32)  # a model may fix the dtype of a state that it loops over
_SHARE, _LEAST = 0.1, 0.1  # by how much of their size weights are moved, and what is no smaller

# (names of the arrays to record, how many entries these may have) -> the program; None for all
Cut = Callable[[Collection[str] | None, Collection[int] | None], Program]


class Placed(NamedTuple):
    """A model with the places of a reference.

    Attributes:
      weights: of the model, as it needs them.
      matching: where the places are.
      program: the model with those recorded.
    """

    weights: OwnWeights
    matching: Matching
    program: Program


def placed(
    reference: Reference, problem: FunctionProblem, cut: Cut, weights: OwnWeights
) -> Placed | None:
    """Finds the places of a reference in a model, by running both in float64.

    A model that cannot be computed in float64 is run in float32, on weights rounded to that.

    Weights are moved a little first: a scale that is still 1, or a bias that is 0, would let values
    be equal that will not be after a step of training.

    Args:
      reference: that has places.
      problem: of it.
      cut: returns the model with some arrays recorded.
      weights: of the model.

    Returns:
      None if the reference has no places, or cannot be computed in float64, or the model in none
      of both.
    """
    try:
        moved = _moved(problem.in_dtype(_EXACT, reference.call_in(_EXACT)))
    except UsageError:  # which is not known in float64
        return None
    state = state_of(problem.arguments)
    for dtype in _DTYPES:
        given = moved.in_dtype(dtype)
        exact = given.in_dtype(_EXACT)
        try:
            theirs = reference.program.run(exact)
            sizes = {one.size for name, one in theirs.places.items() if not is_cotangent(name)}
            if not sizes:
                return None
            run = _running(guarded(cut(None, sizes)), given)
            going_on = Continuation(exact)
            needed, own = needed_weights(weights, run, theirs, going_on.places, state)
        except UsageError:  # which cannot be computed in this dtype
            continue
        made_of = {name: one.sources for name, one in needed.pairing.arrangements.items()}
        found = matched(theirs, own, going_on, twins(made_of))
        return Placed(needed, found, cut(found.chosen, None))
    return None


def _running(program: Program, problem: FunctionProblem) -> Callable[[OwnWeights], Recording]:
    def run(weights: OwnWeights) -> Recording:
        return weights.recording(program.run(weights.problem(problem)), problem)

    return run


def _moved(problem: FunctionProblem) -> FunctionProblem:
    """Returns a problem at weights near to its own, of which none is 0 or 1."""
    given, rng = problem.arguments, np.random.default_rng(0)
    leaves = list(given.leaves)
    for i in given.state.values():
        if i in given.wrt:
            size = max(float(np.sqrt(np.square(leaves[i]).mean())), _LEAST) if leaves[i].size else 0
            leaves[i] = leaves[i] + _SHARE * size * rng.standard_normal(leaves[i].shape)
    return dataclasses.replace(problem, arguments=dataclasses.replace(given, leaves=tuple(leaves)))
