"""Mistakes in phi'."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.selftest.backward import Forward, Step
from compare.selftest.mistakes.claim import HALF, NEGATIVE, times, told
from compare.selftest.mistakes.mistake import (
    Mistake,
    Need,
    both,
    has_activation,
    has_twins,
    in_layer,
    is_curved,
    is_deep,
)
from compare.selftest.mistakes.phis import PHIS

_HIDDEN = "delta1*"
_NO_SLOPE = "computed without phi'"


def _right(f: Forward, i: int) -> np.ndarray:
    return f.slope(i)


def _left_out(f: Forward, i: int) -> np.ndarray:
    return np.ones_like(f.z[i - 1])


def _step(f: Forward, i: int) -> np.ndarray:
    return (f.z[i - 1] > 0).astype(f.z[0].dtype)


def _in_layer(layer: int, wrong: Step) -> dict[str, Step]:
    return {"slope": in_layer(layer, wrong, _right)}


def _times(factor: float) -> Step:
    return lambda f, i: np.asarray(factor, f.z[0].dtype) * f.slope(i)


def _slope(said: str) -> str:
    return f"computed with the slope of {said} for that of {{phi}}"


def _slope_of(name: str, said: str = "") -> Mistake:
    """Takes the slope of another activation, at z."""

    def slope(f: Forward, i: int) -> np.ndarray:
        return np.asarray(PHIS[name].slope(f.z[i - 1]), f.z[0].dtype)

    other = both(is_curved, lambda f: f.activation != name)
    said = said or f"{name} of {{z}}"
    return Mistake(told(_HIDDEN, _slope(said)), steps={"slope": slope}, needs=other)


def _leaky(below: float) -> Mistake:
    return Mistake(
        told(_HIDDEN, _slope(f"leaky relu of {{z}} with a slope of {below:g}")),
        steps={"slope": lambda f, i: np.where(f.z[i - 1] > 0, 1, below).astype(f.z[0].dtype)},
        needs=has_activation("relu"),
    )


def _varies(f: Forward) -> bool:
    """Whether phi' takes many values: else a change of it is a factor, or another slope."""
    return is_curved(f) and bool(np.ptp(f.slope(1)) > 0.01)


def _unnamed(change: Callable[[np.ndarray], Any], needs: Need = _varies) -> Mistake:
    """Changes phi'(z) of every hidden layer, [N, n], in a way that has no name."""
    return Mistake(
        steps={"slope": lambda f, i: np.asarray(change(f.slope(i)), f.z[0].dtype)}, needs=needs
    )


def _at(change: Callable[[np.ndarray], np.ndarray]) -> Mistake:
    """Takes phi' at something made of z, which has no name."""

    def slope(f: Forward, i: int) -> np.ndarray:
        return np.asarray(f.phis[i - 1].slope(change(f.z[i - 1])), f.z[0].dtype)

    return Mistake(steps={"slope": slope}, needs=_varies)


def _some_dropped(slopes: np.ndarray) -> np.ndarray:
    return slopes * (np.random.default_rng(3).random(slopes.shape) < 0.5)


SLOPE = {
    "phi' missing in the last hidden layer": Mistake(
        told("delta{H}", _NO_SLOPE), steps=_in_layer(-1, _left_out), needs=is_curved
    ),
    "phi' missing in the first layer": Mistake(
        told("delta1", _NO_SLOPE), steps=_in_layer(1, _left_out), needs=is_curved
    ),
    "phi' missing everywhere": Mistake(
        told(_HIDDEN, _NO_SLOPE), steps={"slope": _left_out}, needs=is_curved
    ),
    "phi' at h": Mistake(
        told(_HIDDEN, "computed with phi' of {h}, not of {z}"),
        steps={"slope": lambda f, i: np.asarray(f.phis[i - 1].slope(f.h[i]), f.z[0].dtype)},
        needs=is_curved,
    ),
    "phi for phi'": Mistake(
        told(_HIDDEN, "computed with phi for phi'"),
        steps={"slope": lambda f, i: f.h[i]},
        needs=is_curved,
    ),
    "phi' twice": Mistake(
        told(_HIDDEN, "computed with phi' twice"),
        steps={"slope": lambda f, i: f.slope(i) ** 2},
        needs=is_curved,
    ),
    "sigmoid: z (1 - z)": Mistake(
        told(_HIDDEN, "computed with z (1 - z) for phi'"),
        steps={"slope": lambda f, i: f.z[i - 1] * (1 - f.z[i - 1])},
        needs=has_activation("sigmoid"),
    ),
    "tanh: 1 - z^2": Mistake(
        told(_HIDDEN, "computed with 1 - z^2 for phi'"),
        steps={"slope": lambda f, i: 1 - f.z[i - 1] ** 2},
        needs=has_activation("tanh"),
    ),
    "sigmoid's formula for others": Mistake(
        told(_HIDDEN, "computed with h (1 - h) for phi'"),
        steps={"slope": lambda f, i: f.h[i] * (1 - f.h[i])},
        needs=has_activation("tanh", "softplus", "silu", "gelu"),
    ),
    "tanh's formula for others": Mistake(
        told(_HIDDEN, "computed with 1 - h^2 for phi'"),
        steps={"slope": lambda f, i: 1 - f.h[i] ** 2},
        needs=has_activation("sigmoid", "softplus", "silu", "gelu"),
    ),
    "relu's mask for others": Mistake(
        told(_HIDDEN, _slope("relu of {z}")), steps={"slope": _step}, needs=is_curved
    ),
    "tanh' for phi'": _slope_of("tanh"),
    "sigmoid' for phi'": _slope_of("sigmoid"),
    "silu' for phi'": _slope_of("silu"),
    "gelu' in its erf form": _slope_of("gelu in its erf form", "gelu of {z} in its erf form"),
    "leaky relu' with 0.01": _leaky(0.01),
    "leaky relu' with 0.2": _leaky(0.2),
    "phi' of the neighbouring layer": Mistake(
        told("delta1", "computed with phi' of z2, not of {z}"),
        steps=_in_layer(1, lambda f, i: f.slope(2)),
        needs=both(has_twins, is_curved),
    ),
    "the mask of the neighbouring layer": Mistake(
        told("delta1", "computed with phi' of z2, not of {z}"),
        steps=_in_layer(1, lambda f, i: f.slope(2)),
        needs=both(has_twins, has_activation("relu")),
    ),
    "phi' negated in the first layer": Mistake(
        told("delta1", NEGATIVE), steps=_in_layer(1, _times(-1)), needs=is_deep
    ),
    "phi' halved in the last hidden layer": Mistake(
        told("delta{H}", HALF),
        steps=_in_layer(-1, _times(0.5)),
        needs=is_deep,
    ),
    "phi' three times in the first layer": Mistake(
        told("delta1", times(3)), steps=_in_layer(1, _times(3)), needs=is_deep
    ),
    "1 - phi'": Mistake(
        told(_HIDDEN, "computed with 1 - phi' for phi'"),
        steps={"slope": lambda f, i: 1 - f.slope(i)},
        needs=is_curved,
    ),
    # from here on without a name
    "phi' kept above 0.2": _unnamed(lambda s: np.maximum(s, 0.2)),
    "phi' kept below 0.2": _unnamed(lambda s: np.minimum(s, 0.2)),
    "the root of phi'": _unnamed(lambda s: np.sqrt(np.abs(s))),
    "the cube of phi'": _unnamed(lambda s: s**3),
    "phi' in steps of 0.1": _unnamed(lambda s: np.round(s, 1)),
    "phi' sorted": _unnamed(lambda s: np.sort(s, axis=1)),
    "phi' + 0.01": _unnamed(lambda s: s + 0.01),
    "phi' averaged over the units": _unnamed(
        lambda s: np.broadcast_to(s.mean(axis=1, keepdims=True), s.shape)
    ),
    "phi' averaged over the samples": _unnamed(lambda s: np.broadcast_to(s.mean(axis=0), s.shape)),
    "phi' of the last sample for all": _unnamed(lambda s: np.broadcast_to(s[-1], s.shape)),
    "phi' of the neighbouring unit": _unnamed(lambda s: np.roll(s, 1, axis=1)),
    "half of phi' dropped": _unnamed(_some_dropped, is_deep),
    "phi' at 2 z": _at(lambda z: 2 * z),
    "phi' at z + 0.1": _at(lambda z: z + np.asarray(0.1, z.dtype)),
    "phi' at |z| + z^2": _at(lambda z: np.abs(z) + z * z),
    "1 / (1 + z^2) for phi'": Mistake(
        steps={"slope": lambda f, i: 1 / (1 + f.z[i - 1] ** 2)},
        needs=lambda f: is_curved(f) and bool(np.abs(f.z[0]).max() > 0.1),
    ),
}
