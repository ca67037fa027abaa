"""A mistake to plant, and the networks in which it is one."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from compare.selftest.backward import Finish, Forward, Step, backward
from compare.selftest.mistakes.claim import Told
from jaxmlp.base import Grads

Need: TypeAlias = Callable[[Forward], bool]


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One way to go wrong."""

    told: tuple[Told, ...] = ()  # what has to be said of it, all of it; nothing may be, if empty
    _: dataclasses.KW_ONLY
    parts: tuple["Mistake", ...] = ()  # the mistakes that it is made of, if there are several
    network: Callable[[Forward], Forward] | None = None  # what it makes of the network
    # what it puts in place of the steps of `backward`
    steps: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    needs: Need = lambda f: True  # whether it makes a difference in a network

    def gradients(self, f: Forward) -> Grads:
        """Returns the gradients of a program that makes it.

        Args:
          f: the forward pass of a program without mistakes.
        """
        wrong = f if self.network is None else self.network(f).run()
        return backward(wrong, **self.steps)


def is_deep(f: Forward) -> bool:
    """Whether there is a hidden layer."""
    return f.depth > 1


def has_twins(f: Forward) -> bool:
    """Whether the first two hidden layers have one width, so that they can be confused."""
    return f.depth > 2 and f.sizes[1] == f.sizes[2] > 1


def shows_h1(f: Forward) -> bool:
    """Whether h1 is more than rounding, where there is one; else nothing can be said of it."""
    return is_deep(f) and bool(np.abs(f.h[1]).max() > 1e-3)


def has_outputs(f: Forward) -> bool:
    """Whether there are several outputs."""
    return f.sizes[-1] > 1


def is_curved(f: Forward) -> bool:
    """Whether there is a hidden layer with an activation that is not piecewise linear."""
    return is_deep(f) and f.activation not in ("identity", "relu")


def has_activation(*names: str) -> Need:
    """Whether there is a hidden layer with one of these activations."""
    return lambda f: is_deep(f) and f.activation in names


def both(*needs: Need) -> Need:
    """Whether a network is all that is needed."""
    return lambda f: all(need(f) for need in needs)


def in_layer(layer: int, wrong: Step, right: Step) -> Step:
    """Returns a step that is wrong in one layer, counted from 1, or backwards from 0, the last."""
    return lambda f, i: (wrong if i == number(f, layer) else right)(f, i)


def number(f: Forward, layer: int) -> int:
    """Returns the number of a layer that may be counted backwards from 0, the last."""
    return layer if layer > 0 else f.depth + layer


Change: TypeAlias = Callable[[Forward, np.ndarray], np.ndarray]


def changed(which: str, layer: int, change: Change) -> dict[str, Finish]:
    """Changes dL/dw ('w') or dL/db ('b') of one layer, counted as above, at the end."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        grads, place = (dws if which == "w" else deltas), number(f, layer) - 1
        grads[place] = change(f, grads[place])

    return {"finish": finish}


def changed_all(which: str, change: Change) -> dict[str, Finish]:
    """Changes every dL/dw ('w'), dL/db ('b') or both ('wb') at the end."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        for name, grads in (("w", dws), ("b", deltas)):
            if name in which:
                grads[:] = [change(f, g) for g in grads]

    return {"finish": finish}
