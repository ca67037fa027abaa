"""Some entries of the steps of a run, on which assumptions are tried first."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from compare.steps.rules.shares import Share, Steps
from compare.steps.rules.step import Arrays, Step

_ENTRIES = 512  # of each array of weights


class Sample(NamedTuple):
    """Steps of fewer and longer arrays: those of weights that follow one rule are joined.

    What holds of the steps holds of a sample.

    Attributes:
      steps: of it.
      names: of those of its arrays that have entries of the weights that were named.
    """

    steps: Steps
    names: tuple[str, ...]


def sample(steps: Steps, names: Collection[str], wrong: Iterable[Share]) -> Sample:
    """Takes entries of every array of weights; all of them if a norm is of all.

    Args:
      steps: as they were recorded.
      names: of weights that may follow another rule than the reference's.
      wrong: their worst entries are taken too.
    """
    rules = [rule for one in steps for rule in one.rules.values()]
    if any(rule.clip_norm is not None for rule in rules):
        return Sample(steps, tuple(names))
    chosen = {name: _chosen(one.size) for name, one in steps[0].weights.items()}
    for share in wrong:
        name = share.key[1]
        chosen[name] = np.union1d(chosen[name], share.entry)
    groups: dict[tuple[object, ...], list[str]] = {}
    for name in steps[0].rules:
        key = (name in names, *(one.rules[name] for one in steps), *_recorded(steps, name))
        groups.setdefault(key, []).append(name)
    joined = {members[0]: members for members in groups.values()}
    return Sample(
        [_joined(one, joined, chosen) for one in steps],
        tuple(name for name in joined if name in names),
    )


def _chosen(size: int) -> np.ndarray:
    return np.unique(np.linspace(0, max(size - 1, 0), min(size, _ENTRIES)).astype(int))


def _recorded(steps: Steps, name: str) -> list[tuple[str, ...]]:
    """Returns which slots of some weights each step has recorded."""
    return [
        tuple(slot for slot, arrays in state.items() if name in arrays)
        for one in steps
        for state in (one.state, one.new_state)
    ]


def _joined(step: Step, joined: Mapping[str, list[str]], chosen: Mapping[str, np.ndarray]) -> Step:
    def take(arrays: Arrays) -> dict[str, np.ndarray]:
        return {
            first: np.concatenate([np.ravel(arrays[name])[chosen[name]] for name in members])
            for first, members in joined.items()
            if first in arrays
        }

    def moments(state: Mapping[str, Arrays]) -> dict[str, Arrays]:
        return {slot: take(arrays) for slot, arrays in state.items() if slot != "count"}

    return dataclasses.replace(
        step,
        rules={first: step.rules[first] for first in joined},
        weights=take(step.weights),
        gradients=take(step.gradients),
        state=moments(step.state),
        new_weights=take(step.new_weights),
        new_state=moments(step.new_state),
    )
