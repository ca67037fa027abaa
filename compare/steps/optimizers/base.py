"""What an optimizer is to a comparison of training runs."""

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any, Protocol

import numpy as np

from compare.steps.rules.rule import Rules
from compare.steps.rules.step import Arrays, Slots, Step


@dataclasses.dataclass(frozen=True, eq=False)
class Snapshot:
    """What a training run has between two steps.

    Attributes:
      weights: by name, those that are trained.
      state: of its optimizer.
      count: how many steps were taken.
    """

    weights: Arrays
    state: Slots
    count: int


@dataclasses.dataclass(frozen=True)
class Update:
    """How an optimizer takes a step.

    Attributes:
      call: a function of JAX of (known, count, weights, gradients, state, recorded), the last five
        as `rules.update` takes them, that returns new weights and a new state.
      key: equal of two that are the same function.
      known: what the optimizer has besides: arrays.
      rules: what it does with each of the weights; None if that is not known.
    """

    call: Callable[..., tuple[Any, Any]]
    key: Hashable
    known: tuple[np.ndarray, ...] = ()
    rules: Rules | None = None


def step_of(update: Update, before: Snapshot, gradients: Arrays, after: Snapshot) -> Step:
    """Returns what a run had before and after an update."""
    return Step(
        before.count + 1,
        update.rules or {},
        before.weights,
        gradients,
        before.state,
        after.weights,
        after.state,
    )


class Optimizer(Protocol):
    """An optimizer with the weights that it updates, which are all its own."""

    @property
    def snapshot(self) -> Snapshot:
        """What it has now."""

    @property
    def offsets(self) -> Arrays:
        """What the model adds to weights of the reference in what it trains, by their names."""

    @property
    def update(self) -> Update:
        """How it takes its next step."""

    def step(self, gradients: Arrays) -> None:
        """Takes a step."""

    def start_from(self, other: Snapshot) -> None:
        """Takes the weights and the state of another run, as far as it has such a state."""

    def in_dtype(self, dtype: np.dtype) -> "Optimizer":
        """Returns one that begins anew, in a dtype."""

    def copied(self, dtype: np.dtype) -> "Optimizer":
        """Returns a copy in a dtype, which goes on from where this one is."""
