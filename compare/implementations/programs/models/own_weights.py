"""The weights of a model, made of those of a reference whose names are others."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from compare.pairing.arrangement import pulled_back
from compare.pairing.pairing import Pairing
from compare.problem.function import Arguments, FunctionProblem, is_float
from compare.problem.recording import Recording

Arrays = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class OwnWeights:
    """The weights of a model.

    Attributes:
      arrays: by its names.
      buffers: which of these are no parameters.
      pairing: how they are made of those of the reference.
    """

    arrays: Arrays
    buffers: frozenset[str]
    pairing: Pairing

    def problem(self, problem: FunctionProblem) -> FunctionProblem:
        """Returns a problem of the reference as one of the model."""
        given, theirs = problem.arguments, state_of(problem.arguments)
        arranged = self.pairing.arrangements
        state = {
            name: arranged[name].of(theirs) if name in arranged else _cast(one, problem.dtype)
            for name, one in self.arrays.items()
        }
        wanted = {given.names[i] for i in given.wrt}
        by = [
            name
            for name, one in arranged.items()
            if name not in self.buffers and wanted.intersection(one.sources)
        ]
        arguments = given.without_state().after(state, by)
        return dataclasses.replace(problem, arguments=arguments)

    def recording(self, own: Recording, problem: FunctionProblem) -> Recording:
        """Returns what the model computed, in the names of the reference but for its places.

        Args:
          own: a run of the model.
          problem: of the reference.
        """
        given, theirs = problem.arguments, state_of(problem.arguments)
        wanted = {given.names[i] for i in given.wrt}
        slopes = pulled_back(self.pairing.arrangements, own.gradients, theirs)
        inputs = {name: one for name, one in own.gradients.items() if name not in self.arrays}
        zeros = {name: np.zeros_like(theirs[name]) for name in wanted if name in theirs}
        gradients = {name: one for name, one in (zeros | slopes | inputs).items() if name in wanted}
        statistics = self._first(own.statistics, theirs)
        plain = own.plain
        return dataclasses.replace(
            own,
            gradients=gradients,
            statistics=statistics,
            plain=plain and (lambda: self.recording(plain(), problem)),
        )

    def _first(self, found: Arrays, theirs: Arrays) -> dict[str, np.ndarray]:
        """Returns buffers by those of the reference, of several that hold the same the first."""
        made: dict[str, np.ndarray] = {}
        for own, one in found.items():
            if own in self.pairing.arrangements:
                made = self.pairing.arrangements[own].pull_back(one, theirs) | made
        return made


def state_of(arguments: Arguments) -> dict[str, np.ndarray]:
    """Returns the weights of a reference by their names."""
    return {name: arguments.leaves[i] for name, i in arguments.state.items()}


def _cast(one: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return one.astype(dtype) if is_float(one) else one
