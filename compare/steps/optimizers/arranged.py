"""An optimizer of a model whose weights have other names and another layout."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from compare.errors import UsageError
from compare.pairing.arrangement import Arrangement, pulled_back
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
        self._slopes = {
            name: dataclasses.replace(one, offset=None) for name, one in arrangements.items()
        }

    @property
    def snapshot(self) -> Snapshot:
        """What it has now."""
        found = self._own.snapshot
        state = {slot: self._back(group) for slot, group in found.state.items()}
        weights = {
            name: one - offset.astype(one.dtype) if offset is not None else one
            for name, one in found.weights.items()
            if name in self._arrangements
            for offset in (self._arrangements[name].offset,)
        }
        return Snapshot(self._back(weights), state, found.count)

    @property
    def offsets(self) -> Arrays:
        """What is added to weights of the reference where the model has them, by their names."""
        return self._back(
            {n: one.offset for n, one in self._arrangements.items() if one.offset is not None}
        )

    @property
    def update(self) -> Update:
        """How it takes its next step."""
        raise NotImplementedError("only a reference is asked for its rule")

    def step(self, gradients: Arrays) -> None:
        """Takes a step."""
        self._own.step(self._made(self._slopes, gradients))

    def start_from(self, other: Snapshot) -> None:
        """Takes the weights and the state of another run, as far as it has such a state."""
        state: Slots = {
            slot: self._made(self._slopes, group) for slot, group in other.state.items()
        }
        weights = self._made(self._arrangements, other.weights)
        self._own.start_from(Snapshot(weights, state, other.count))

    def in_dtype(self, dtype: np.dtype) -> "ArrangedOptimizer":
        """Returns one that begins anew, in a dtype."""
        return ArrangedOptimizer(self._own.in_dtype(dtype), self._arrangements, self._theirs)

    def copied(self, dtype: np.dtype) -> "ArrangedOptimizer":
        """Returns a copy in a dtype, which goes on from where this one is."""
        return ArrangedOptimizer(self._own.copied(dtype), self._arrangements, self._theirs)

    def _made(self, arrangements: Arrangements, arrays: Arrays) -> dict[str, np.ndarray]:
        return {
            name: one.of(arrays)
            for name, one in arrangements.items()
            if all(self._is_whole(arrays, source) for source in one.sources)
        }

    def _is_whole(self, arrays: Arrays, name: str) -> bool:
        return name in arrays and arrays[name].shape == self._theirs[name].shape

    def _back(self, arrays: Arrays) -> dict[str, np.ndarray]:
        """Returns arrays of the model as those of the reference; what has no shape is left out."""
        fitting = {
            name: one
            for name, one in arrays.items()
            if name in self._arrangements and one.shape == self._arrangements[name].shape
        }
        return pulled_back(self._arrangements, fitting, self._theirs)


def check_arrangements(name: str, arrangements: Arrangements, theirs: Arrays) -> None:
    """Checks that training moves the weights of a model as it moves those of the reference.

    Raises:
      UsageError: where one array stands for several, which are trained apart, or the other way
        round.
    """
    times: dict[str, np.ndarray] = {}
    for own, one in arrangements.items():
        _check_moves_alike(name, own, one)
        for source, part in one.pull_back(np.ones(one.shape), theirs).items():
            times[source] = times.get(source, 0) + part
    for source, counts in times.items():
        if (counts != 1).any():
            once = " and ".join(own for own, one in arrangements.items() if source in one.sources)
            raise UsageError(
                f"{name}: expected every entry of {source} once, as the reference trains it, got "
                f"{int(counts.max())} times and {int(counts.min())} times, in {once}"
            )


def _check_moves_alike(name: str, own: str, one: Arrangement) -> None:
    """Checks that a step moves an array as it moves what it is made of."""
    made = " plus ".join(one.sources)
    if len(one.terms) > 1:
        last = next((n for n in one.sources if "bias_hh" in n), one.sources[-1])  # as torch has it
        why = (
            f"made of {made}: a step of the reference moves each of these, and so their sum "
            f"farther than one step; freeze one in the reference, {last} say, by "
            f"{last}.requires_grad_(False) (and let it be 0 if weights decay), or give the model "
            "weights of its own for each"
        )
    elif one.factor != 1:
        why = f"{one.factor:g} times {made}: a step moves it otherwise"
    else:
        return
    raise UsageError(
        f"{name}: expected weights that are trained as those of the reference are, got {own}, {why}"
    )


def with_constants(one: Arrangement, kept: Arrays) -> Arrangement:
    """Returns an arrangement with its terms of arrays that are not trained as a part of its offset.

    Args:
      one: of several terms, or else it stays as it is.
      kept: arrays that are not trained.
    """
    constants = [term for term in one.terms if all(name in kept for name in term.sources)]
    trained = tuple(term for term in one.terms if term not in constants)
    if not constants or not trained:
        return one
    offset = np.zeros(one.shape) if one.offset is None else one.offset.astype(np.float64)
    for term in constants:
        offset = offset + one.factor * term.of(kept).astype(np.float64)
    return dataclasses.replace(one, terms=trained, offset=offset)
