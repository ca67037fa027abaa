"""An optimizer of a model whose weights have other names and another layout."""

from collections.abc import Mapping

import numpy as np

from compare.errors import UsageError
from compare.pairing.arrangement import Arrangement
from compare.steps.optimizers.base import Optimizer, Snapshot, Update
from compare.steps.rules.step import Arrays, Slots

Arrangements = Mapping[str, Arrangement]


class ArrangedOptimizer:
    """An optimizer, seen by the names and in the layout of the reference."""

    def __init__(self, own: Optimizer, arrangements: Arrangements, theirs: Arrays) -> None:
        """Takes an optimizer.

        Args:
          own: by the names of the model.
          arrangements: own name -> how it is made, each entry of the reference's coming once.
          theirs: weights of the reference, of their shapes.
        """
        self._own, self._arrangements, self._theirs = own, arrangements, theirs

    @property
    def snapshot(self) -> Snapshot:
        """What it has now."""
        found = self._own.snapshot
        state = {slot: self._back(group) for slot, group in found.state.items()}
        return Snapshot(self._back(found.weights), state, found.count)

    @property
    def update(self) -> Update:
        """How it takes its next step."""
        raise NotImplementedError("only a reference is asked for its rule")

    def step(self, gradients: Arrays) -> None:
        """Takes a step."""
        self._own.step(self._arranged(gradients))

    def start_from(self, other: Snapshot) -> None:
        """Takes the weights and the state of another run, as far as it has such a state."""
        state: Slots = {slot: self._arranged(group) for slot, group in other.state.items()}
        self._own.start_from(Snapshot(self._arranged(other.weights), state, other.count))

    def in_dtype(self, dtype: np.dtype) -> "ArrangedOptimizer":
        """Returns one that begins anew, in a dtype."""
        return ArrangedOptimizer(self._own.in_dtype(dtype), self._arrangements, self._theirs)

    def _arranged(self, arrays: Arrays) -> dict[str, np.ndarray]:
        return {
            name: one.of(arrays)
            for name, one in self._arrangements.items()
            if all(self._is_whole(arrays, source) for source in one.sources)
        }

    def _is_whole(self, arrays: Arrays, name: str) -> bool:
        return name in arrays and arrays[name].shape == self._theirs[name].shape

    def _back(self, arrays: Arrays) -> dict[str, np.ndarray]:
        """Returns arrays of the model as those of the reference; what has no shape is left out."""
        found: dict[str, np.ndarray] = {}
        for name, one in arrays.items():
            if name in self._arrangements and one.shape == self._arrangements[name].shape:
                for source, part in self._arrangements[name].pull_back(one, self._theirs).items():
                    found[source] = found[source] + part if source in found else part
        return found


def check_arrangements(name: str, arrangements: Arrangements, theirs: Arrays) -> None:
    """Checks that training moves the weights of a model as it moves those of the reference.

    Raises:
      UsageError: where one array stands for several, which are trained apart, or the other way
        round.
    """
    times: dict[str, np.ndarray] = {}
    for own, one in arrangements.items():
        if len(one.terms) > 1 or one.offset is not None:
            raise UsageError(
                f"{name}: expected weights that are trained as those of the reference are, got "
                f"{own}, made of {' plus '.join(one.sources)}: a step of the reference moves each "
                "of these, and so their sum farther than one step; give the model weights of its "
                "own for each"
            )
        for source, part in one.pull_back(np.ones(one.shape), theirs).items():
            times[source] = times.get(source, 0) + part
    for source, counts in times.items():
        if (counts != 1).any():
            once = " and ".join(own for own, one in arrangements.items() if source in one.sources)
            raise UsageError(
                f"{name}: expected every entry of {source} once, as the reference trains it, got "
                f"{int(counts.max())} times and {int(counts.min())} times, in {once}"
            )
