"""What a step should have made, with bounds of what rounding can do to that."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.roundoff_transform import roundoff
from compare.steps.rules.rule import Rule
from compare.steps.rules.step import Step
from compare.steps.rules.update import update

Key = tuple[str, str]  # 'weights' or a slot, and the name of the weights
WEIGHTS = "weights"


def expected(step: Step, dtype: np.dtype) -> dict[Key, Enclosure]:
    """Returns all that rules make of what there was before a step.

    Weights are those that follow from the state that the run had after the step, and so are states
    that are computed of another. So each bound is of one formula.

    Args:
      step: as it was recorded, with rules.
      dtype: in which it was computed.
    """
    bounded = roundoff(_update(tuple(step.rules.items())), dtype, reading="both", is_pure=True)
    trees = (step.weights, step.gradients, _moments(step.state), _moments(step.new_state))
    (weights, state), bounds = bounded(np.int32(step.number), *trees)
    return {
        (kind, name): Enclosure(value, np.stack([kinds[kind][name] for kinds in _by_kind(bounds)]))
        for kind, arrays in {WEIGHTS: weights, **state}.items()
        for name, value in arrays.items()
    }


def _by_kind(bounds: Any) -> list[dict[str, Mapping[str, np.ndarray]]]:
    return [{WEIGHTS: weights, **state} for weights, state in bounds]


def _moments(state: Mapping[str, Any]) -> dict[str, Any]:
    return {slot: dict(arrays) for slot, arrays in state.items() if slot != "count"}


@functools.lru_cache(maxsize=64)
def _update(rules: tuple[tuple[str, Rule], ...]) -> Callable[..., Any]:
    def updated(count: Any, weights: Any, gradients: Any, state: Any, recorded: Any) -> Any:
        return update(dict(rules), count, weights, gradients, state, recorded)

    return updated
