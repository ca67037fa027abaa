"""A mistake to plant in a backward, and the networks in which it is one."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from compare.selftest.backward import Forward, Step

Need: TypeAlias = Callable[[Forward], bool]


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One way to go wrong."""

    changes: Mapping[str, Any]  # the steps of `backward` that it replaces
    named: tuple[str, ...] = ()  # words, one of which explains it; empty if nothing should
    needs: Need = lambda f: True  # whether it makes a difference in a network


def has_hidden(f: Forward) -> bool:
    """Whether there is a hidden layer."""
    return f.depth > 1


def has_twins(f: Forward) -> bool:
    """Whether the first two hidden layers have one width, so that they can be confused."""
    return f.depth > 2 and f.z[0].shape == f.z[1].shape and f.z[0].shape[1] > 1


def is_curved(f: Forward) -> bool:
    """Whether there is a hidden layer with an activation that is not piecewise linear."""
    return has_hidden(f) and f.activation not in ("identity", "relu")


def has_activation(*names: str) -> Need:
    """Whether there is a hidden layer with one of these activations."""
    return lambda f: has_hidden(f) and f.activation in names


def in_layer(layer: int, wrong: Step, right: Step) -> Step:
    """Returns a step that is wrong in one layer, counted from 1, or backwards from 0, the last."""
    return lambda f, i: (wrong if i == _number(f, layer) else right)(f, i)


def changed_gradient(
    which: str, layer: int, change: Callable[[Forward, np.ndarray], np.ndarray]
) -> dict[str, Any]:
    """Changes dL/dw ('w') or dL/db ('b') of one layer, counted as above, at the end."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        grads, place = (dws if which == "w" else deltas), _number(f, layer) - 1
        grads[place] = change(f, grads[place])

    return {"finish": finish}


def _number(f: Forward, layer: int) -> int:
    return layer if layer > 0 else f.depth + layer
