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
from compare.problem.recording import Arrays

# Roundings of the largest output. It is no bound: it tells weights that were computed from some
# that were not loaded, and one way to call a model from another, and never whether programs agree.
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
    return are_near(own, theirs, problem.dtype)


def are_near(own: Arrays, theirs: Arrays, dtype: np.dtype) -> bool:
    """Whether outputs are those of the reference, but for what may be rounding.

    Args:
      own: by their names.
      theirs: by the same.
      dtype: in which they were computed.
    """
    u = _SAME * unit_roundoff(dtype)
    pairs = [(own[name].astype(np.float64), one.astype(np.float64)) for name, one in theirs.items()]
    return all((np.abs(a - b) <= u * np.abs(b).max(initial=0)).all() for a, b in pairs)
