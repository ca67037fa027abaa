"""What a step should have made, with bounds of what rounding can do to that."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.readings import READINGS
from compare.evidence.rounding.roundoff_transform import analysis_of, evaluated
from compare.evidence.rounding.tracing import trace
from compare.steps.rules.rule import Rule
from compare.steps.rules.step import Arrays, Slots, Step
from compare.steps.rules.update import update

Key = tuple[str, str]  # 'weights' or a slot, and the name of the weights
Expected = Mapping[Key, Enclosure]
WEIGHTS = "weights"


def expected(
    step: Step, dtype: np.dtype, carried: Expected = MappingProxyType({})
) -> dict[Key, Enclosure]:
    """Returns all that rules make of what there was before a step.

    Weights are those that follow from the state that the run had after the step, and so are states
    that are computed of another. So each bound is of one formula. State that a run does not show
    is what was expected of the step before, with its bounds.

    Args:
      step: as it was recorded.
      dtype: in which it was computed.
      carried: what was expected of the step before; none before the first.
    """
    hidden = {key: one for key, one in carried.items() if _is_hidden(step, *key)}
    state = _moments(step.state)
    for (slot, name), one in hidden.items():
        state.setdefault(slot, {})[name] = one.value
    count = np.asarray(step.number, np.int32)
    args = (count, *map(_trained(step), (step.weights, step.gradients)), state)
    args = (*args, _moments(step.new_state))
    traced = trace(_updating(tuple(step.rules.items())), dtype, args, {}, is_pure=True)
    numbers = _numbered(args)[3]
    known = {numbers[slot][name]: one for (slot, name), one in hidden.items()}
    made = evaluated(traced, dtype, analysis_of(traced, dtype, READINGS), inexact=known)
    weights, after = traced.unflatten(made, lambda leaf: leaf)
    return {
        (kind, name): one
        for kind, arrays in {WEIGHTS: weights, **after}.items()
        for name, one in arrays.items()
    }


def _numbered(tree: Any) -> Any:
    """Returns a tree with the number of each leaf in its place."""
    leaves, structure = jax.tree.flatten(tree)
    return jax.tree.unflatten(structure, range(len(leaves)))


def _is_hidden(step: Step, slot: str, name: str) -> bool:
    """Whether a run does not show the state that it had before a step."""
    return slot != WEIGHTS and name not in step.state.get(slot, {})


def _trained(step: Step) -> Callable[[Arrays], dict[str, np.ndarray]]:
    return lambda arrays: {name: arrays[name] for name in step.rules}


def _moments(state: Slots) -> dict[str, dict[str, np.ndarray]]:
    return {slot: dict(arrays) for slot, arrays in state.items() if slot != "count"}


@functools.lru_cache(maxsize=64)
def _updating(rules: tuple[tuple[str, Rule], ...]) -> Callable[..., Any]:
    """Returns the update of rules, the same function if rules are, so that it is traced once."""
    return functools.partial(update, dict(rules))
