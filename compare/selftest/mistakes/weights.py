"""Mistakes in the weights by which delta is passed down."""

import numpy as np

from compare.selftest.backward import Forward, Step
from compare.selftest.mistakes.mistake import Mistake, has_hidden, has_twins, in_layer


def _right(f: Forward, i: int) -> np.ndarray:
    return f.w(i)


def _in_layer(layer: int, wrong: Step) -> dict[str, Step]:
    return {"weights": in_layer(layer, wrong, _right)}


WEIGHTS = {
    "w transposed": Mistake(_in_layer(2, lambda f, i: f.w(i).T), ("transposed",), has_twins),
    "w left out": Mistake(
        _in_layer(2, lambda f, i: np.eye(len(f.w(i)), dtype=f.w(i).dtype)),
        ("w2 is left out",),
        has_twins,
    ),
    "w of another layer": Mistake(
        _in_layer(2, lambda f, i: f.w(3)),
        ("w3 stands in place",),
        lambda f: f.depth > 3 and f.w(2).shape == f.w(3).shape and f.w(2).size > 1,
    ),
    "|w|": Mistake(_in_layer(0, lambda f, i: np.abs(f.w(i))), ("|w",), has_hidden),
}
