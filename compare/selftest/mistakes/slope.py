"""Mistakes in phi'."""

import numpy as np

from compare.selftest.backward import Forward, Step
from compare.selftest.mistakes.mistake import (
    Mistake,
    has_activation,
    has_twins,
    in_layer,
    is_curved,
)


def _right(f: Forward, i: int) -> np.ndarray:
    return f.slope(i)


def _left_out(f: Forward, i: int) -> np.ndarray:
    return np.ones_like(f.z[i - 1])


def _in_layer(layer: int, wrong: Step) -> Step:
    return in_layer(layer, wrong, _right)


SLOPE = {
    "phi' missing in the last hidden layer": Mistake(
        {"slope": _in_layer(-1, _left_out)}, ("phi' is left out",), is_curved
    ),
    "phi' missing in the first layer": Mistake(
        {"slope": _in_layer(1, _left_out)}, ("phi' is left out",), is_curved
    ),
    "phi' missing everywhere": Mistake({"slope": _left_out}, ("phi' is left out",), is_curved),
    "phi' at h": Mistake(
        {"slope": lambda f, i: f.phi_slope(f.h[i])}, ("at h instead of z",), is_curved
    ),
    "phi for phi'": Mistake({"slope": lambda f, i: f.h[i]}, ("phi stands in",), is_curved),
    "phi' twice": Mistake({"slope": lambda f, i: f.slope(i) ** 2}, ("applied twice",), is_curved),
    "sigmoid: z (1 - z)": Mistake(
        {"slope": lambda f, i: f.z[i - 1] * (1 - f.z[i - 1])},
        ("h (1 - h) is written with z",),
        has_activation("sigmoid"),
    ),
    "tanh: 1 - z^2": Mistake(
        {"slope": lambda f, i: 1 - f.z[i - 1] ** 2},
        ("1 - h^2 is written with z",),
        has_activation("tanh"),
    ),
    "sigmoid's formula for others": Mistake(
        {"slope": lambda f, i: f.h[i] * (1 - f.h[i])},
        ("h (1 - h) is written in place",),
        has_activation("tanh", "softplus", "silu", "gelu"),
    ),
    "tanh's formula for others": Mistake(
        {"slope": lambda f, i: 1 - f.h[i] ** 2},
        ("1 - h^2 is written in place",),
        has_activation("sigmoid", "softplus", "silu", "gelu"),
    ),
    "relu's mask for softplus": Mistake(
        {"slope": lambda f, i: (f.z[i - 1] > 0).astype(f.z[0].dtype)},
        ("a step at 0",),
        has_activation("softplus"),
    ),
    "phi' of the neighbouring layer": Mistake(
        {"slope": _in_layer(1, lambda f, i: f.slope(2))},
        ("phi' is taken at z2",),
        lambda f: has_twins(f) and is_curved(f),
    ),
}
