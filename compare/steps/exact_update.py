"""An update in float64: whether it is that of the reference, where float32 hardly shows it."""

import dataclasses
from typing import Literal, NamedTuple

import jax
import numpy as np

from compare.errors import RAISED
from compare.evidence.local.check import Check
from compare.steps.optimizers.base import Arrays, Optimizer, Update
from compare.steps.rules.step import Slots, Step
from compare.steps.updates import Updates

_EXACT = np.dtype(np.float64)
_SAME = 2.0**-24  # of the update: a rounding to float32, in which an optimizer may hold numbers
_DIFFERENT = 2.0**-18  # of the update: more than some of these make


class ExactUpdate(NamedTuple):
    """What an update in float64 says.

    Attributes:
      verdict: whether it is the same.
      off: by how much, as a share of the largest entry of what it changes; NaN if unknown.
    """

    verdict: Literal["same", "different", "unknown"]
    off: float = np.nan


def exact_update(update: Update, optimizer: Optimizer, step: Step) -> ExactUpdate:
    """Takes a step in float64, and holds it against that of the reference.

    Args:
      update: of the reference.
      optimizer: a copy of the run's in float64, as it was before the step.
      step: that the run has taken.
    """
    if all(one.dtype == _EXACT for one in step.weights.values()):
        return ExactUpdate("unknown")  # it is seen already
    try:
        with jax.enable_x64(True):
            taken = _taken(optimizer, step)
            checks = Updates(_EXACT).held(update, taken).checks
    except RAISED:  # as code of a user's own does in another dtype
        return ExactUpdate("unknown")
    off = max((_share(one, taken) for one in checks), default=np.nan)
    if off <= _SAME:
        return ExactUpdate("same", off)
    return ExactUpdate("different" if off > _DIFFERENT else "unknown", off)


def _taken(optimizer: Optimizer, step: Step) -> Step:
    """Takes the step of a run in float64."""
    weights, gradients = optimizer.snapshot.weights, _wide(step.gradients)
    optimizer.step(gradients)
    after = optimizer.snapshot
    return dataclasses.replace(
        step,
        weights=weights,
        gradients=gradients,
        state=_wide_slots(step.state),
        new_weights=after.weights,
        new_state=_wide_slots(after.state),
    )


def _share(one: Check, step: Step) -> float:
    """Returns how far off an array is, as a share of its largest entry, or change of weights."""
    largest = one.largest
    if one.kind == "weights":
        largest = float(np.abs(step.new_weights[one.name] - step.weights[one.name]).max(initial=0))
    return one.difference / largest if one.difference else 0.0


def _wide(arrays: Arrays) -> dict[str, np.ndarray]:
    return {name: one.astype(_EXACT) for name, one in arrays.items()}


def _wide_slots(state: Slots) -> dict[str, dict[str, np.ndarray]]:
    return {slot: _wide(group) for slot, group in state.items()}
