"""Mistakes in dL/dw or dL/db beside a right delta, or in both of the first layer."""

import numpy as np

from compare.selftest.backward import Forward, Step
from compare.selftest.mistakes.mistake import (
    Mistake,
    changed_gradient,
    has_hidden,
    has_twins,
    in_layer,
)


def _right_acts(f: Forward, i: int) -> np.ndarray:
    return f.h[i - 1]


def _acts_in_layer(layer: int, wrong: Step) -> dict[str, Step]:
    return {"acts": in_layer(layer, wrong, _right_acts)}


def _delta_of_layer_2(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    dws[0] = f.outer(f.h[0], deltas[1])


def _first_negated(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    deltas[0], dws[0] = -deltas[0], -dws[0]


GRADIENT = {
    "dw transposed": Mistake(
        changed_gradient("w", 2, lambda f, dw: np.swapaxes(dw, 1, 2)), ("transposed",), has_twins
    ),
    "z for h in dw": Mistake(
        {"acts": lambda f, i: f.z[i - 2] if i > 1 else f.h[0]},
        ("z1 stands in", "stands in place of h"),
        lambda f: has_hidden(f) and f.activation != "identity",
    ),
    "x left out": Mistake(_acts_in_layer(1, lambda f, i: np.ones_like(f.h[0])), ("x is left out",)),
    "h of another layer in dw": Mistake(
        _acts_in_layer(2, lambda f, i: f.h[2]), ("h2 stands in place of h1",), has_twins
    ),
    "delta of another layer in dw": Mistake(
        {"finish": _delta_of_layer_2}, ("delta2 stands in place",), has_twins
    ),
    "dw negated": Mistake(changed_gradient("w", 1, lambda f, dw: -dw), ("negative",)),
    "dw halved": Mistake(changed_gradient("w", 0, lambda f, dw: dw / 2), ("half",)),
    "dw detached": Mistake(changed_gradient("w", 1, lambda f, dw: 0 * dw), ("is 0",)),
    "db detached": Mistake(changed_gradient("b", 1, lambda f, db: 0 * db), ("is 0",)),
    "db doubled": Mistake(changed_gradient("b", 0, lambda f, db: 2 * db), ("twice",)),
    "db negated": Mistake(changed_gradient("b", 1, lambda f, db: -db), ("negative",)),
    "first layer negated": Mistake({"finish": _first_negated}, ("negative",)),
}
