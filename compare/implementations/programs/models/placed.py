"""The places of a reference in a model that has other names for them, or none."""

import dataclasses
from collections.abc import Callable, Collection

import numpy as np

from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.running import guarded
from compare.matching.matching import Matching, matched
from compare.problem.cuts import is_cotangent, place_name
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording

_EXACT = np.dtype(np.float64)
_SHARE, _LEAST = 0.1, 0.1  # by how much of their size weights are moved, and what is no smaller

# (names of the arrays to record, how many entries these may have) -> the program; None for all
Cut = Callable[[Collection[str] | None, Collection[int] | None], Program]


@dataclasses.dataclass(frozen=True)
class Placed:
    """Where a model has the places of a reference.

    Attributes:
      matching: of places whose names are others.
      common: places that have the same name in both.
    """

    matching: Matching
    common: frozenset[str]

    def recording(self, own: Recording) -> Recording:
        """Returns what a model recorded, by the places of the reference."""
        found = self.matching.applied(own)
        common = {one: own.places[one] for one in own.places if place_name(one) in self.common}
        return dataclasses.replace(found, places={**found.places, **common})


def placed(
    reference: Reference,
    problem: FunctionProblem,
    cut: Cut,
    own_problem: Callable[[FunctionProblem], FunctionProblem],
) -> tuple[Placed, Program] | None:
    """Finds the places of a reference in a model, by running both in float64.

    Weights are moved a little first: a scale that is still 1, or a bias that is 0, would let values
    be equal that will not be after a step of training.

    Args:
      reference: that has places.
      problem: of it.
      cut: returns the model with some arrays recorded.
      own_problem: returns a problem of the reference as one of the model.

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
        own = guarded(cut(None, sizes)).run(own_problem(exact))
    except Exception:  # of a user's code, or of a library on its behalf
        return None
    common = frozenset(
        name for name, one in theirs.places.items() if _shape(own, name) == one.shape
    )
    rest = {name: one for name, one in theirs.places.items() if place_name(name) not in common}
    found = Placed(matched(dataclasses.replace(theirs, places=rest), own), common)
    return found, cut(found.matching.chosen | common, None)


def _moved(problem: FunctionProblem) -> FunctionProblem:
    """Returns a problem at weights near to its own, of which none is 0 or 1."""
    given, rng = problem.arguments, np.random.default_rng(0)
    leaves = list(given.leaves)
    for i in given.state.values():
        if i in given.wrt:
            size = max(float(np.sqrt(np.square(leaves[i]).mean())), _LEAST) if leaves[i].size else 0
            leaves[i] = leaves[i] + _SHARE * size * rng.standard_normal(leaves[i].shape)
    return dataclasses.replace(problem, arguments=dataclasses.replace(given, leaves=tuple(leaves)))


def _shape(recording: Recording, place: str) -> tuple[int, ...] | None:
    found = recording.places.get(place)
    return None if found is None else found.shape
