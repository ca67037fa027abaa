"""Weights that are computed of those of the reference, as where a norm is folded into them."""

import dataclasses

import numpy as np

from compare.errors import UsageError
from compare.formats.dtypes import unit_roundoff
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.models.own_weights import OwnWeights
from compare.implementations.programs.running import guarded
from compare.pairing.pairing import Pairing
from compare.problem.function import FunctionProblem

# Roundings of the largest output. It is no bound: it tells weights that were computed from some
# that were not loaded, and so whether there is an accusation, and never whether programs agree.
_SAME = 256


def has_same_outputs(
    reference: Reference, problem: FunctionProblem, weights: OwnWeights, program: Program
) -> bool:
    """Whether a model has the outputs of the reference with its own weights, as they are.

    Args:
      reference: that it stands beside.
      problem: of it.
      weights: of the model.
      program: the model.
    """
    none = Pairing({}, {}, tuple(weights.arrays), ())
    as_they_are = dataclasses.replace(weights, pairing=none)
    try:
        own = guarded(program).run(as_they_are.problem(problem)).outputs
        theirs = reference.program.run(problem).outputs
    except UsageError:
        return False
    u = _SAME * unit_roundoff(problem.dtype)
    return all(_are_near(np.asarray(own[name]), np.asarray(theirs[name]), u) for name in theirs)


def _are_near(own: np.ndarray, theirs: np.ndarray, u: float) -> bool:
    a, b = own.astype(np.float64), theirs.astype(np.float64)
    return bool((np.abs(a - b) <= u * np.abs(b).max(initial=0)).all())
