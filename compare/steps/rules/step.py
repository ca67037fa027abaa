"""One step of a training run, as it was recorded."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from compare.steps.rules.rule import Rules

Arrays = Mapping[str, np.ndarray]
Slots = Mapping[str, Arrays]  # slot, as of `slots` -> name of the weights -> array


@dataclasses.dataclass(frozen=True, eq=False)
class Step:
    """What a run had before and after one update of its weights.

    Attributes:
      number: t, counted from 1: how many updates there were, with this one.
      rules: what the reference does at this step, by the names of the weights.
      weights: before it.
      gradients: of the loss, as they should be, before they are clipped.
      state: of the optimizer, before it; what is missing is as before the first step.
      new_weights: after it.
      new_state: after it; what is missing was not recorded.
    """

    number: int
    rules: Rules
    weights: Arrays
    gradients: Arrays
    state: Slots
    new_weights: Arrays
    new_state: Slots
