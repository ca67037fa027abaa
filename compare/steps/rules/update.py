"""One step of an optimizer: a pure function of JAX, and of NumPy."""

from collections.abc import Mapping

from compare.steps.rules.entry import Array, Entry
from compare.steps.rules.formulas import FORMULAS
from compare.steps.rules.gradients import Tree, prepared
from compare.steps.rules.rule import Rule, Rules

State = Mapping[str, Tree]  # slot -> name of the weights -> array; see `slots`


def update(
    rules: Rules,
    count: Array,
    weights: Tree,
    gradients: Tree,
    state: State,
    recorded: State | None = None,
) -> tuple[dict[str, Array], dict[str, dict[str, Array]]]:
    """Returns the weights and the state after a step, of the weights that are trained.

    Args:
      rules: by the names of the weights.
      count: t, a whole number from 1 on.
      weights: before the step.
      gradients: of the loss, by all weights that are trained.
      state: before the step; what is missing is as before the first step.
      recorded: the state after the step as a run had it: what follows is computed from that, so
        that a mistake in the state is none in the weights.
    """
    new_weights: dict[str, Array] = {}
    new_state: dict[str, dict[str, Array]] = {}
    for name, gradient in prepared(rules, weights, gradients).items():
        rule, weight = rules[name], weights[name]
        entry = Entry(weight, gradient, count, _of(state, name), _of(recorded or {}, name))
        new_weights[name] = _moved(rule, entry, FORMULAS[rule.kind](rule, entry))
        for slot, array in entry.after.items():
            new_state.setdefault(slot, {})[name] = array
    return new_weights, new_state


def _of(state: State, name: str) -> dict[str, Array]:
    return {slot: arrays[name] for slot, arrays in state.items() if name in arrays}


def _moved(rule: Rule, entry: Entry, direction: Array) -> Array:
    """Returns the weights less lr times the direction, once they have decayed by themselves."""
    weight = entry.weight
    if rule.decoupled and rule.weight_decay:
        decay = rule.lr * rule.weight_decay if rule.decay_by_lr else rule.weight_decay
        weight = entry.times(1 - entry.scalar(decay), weight)
    return weight - entry.times(rule.lr, direction).astype(weight.dtype)
