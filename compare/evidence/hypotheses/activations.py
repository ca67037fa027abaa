"""Activations that a network may have been given in place of its own.

Those of the catalogue, and others that people write. Of these only values and slopes are known; how
far they change within an error of z is found by looking there, which is no proof but tells them
apart.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array, sigmoid
from compare.evidence.certificate.activations import activation_row

_COST = 16.0  # roundings of a value or slope that is written in some way

Function: TypeAlias = Callable[[Any, Array], Array]


class Other(NamedTuple):
    """An activation, and how it is called."""

    said: str  # of {z}
    activation: Activation
    rank: int = 0  # 1 if it is met less often, and may be another one in part
    asked_for: str = ""  # how, in brackets, if that is not what it is called


def _rough(said: str, value: Function, slope: Function) -> Other:
    def curvature(xp: Any, z: Array, reach: Array) -> Array:
        here = slope(xp, z)
        away = [xp.abs(slope(xp, one) - here) for one in (z - reach, z + reach)]
        return xp.maximum(*away) / xp.maximum(reach, 1e-300)

    activation = Activation(
        value,
        slope,
        lambda xp, z: _COST * (xp.abs(value(xp, z)) + xp.abs(z)),
        lambda xp, z: _COST * (1 + xp.abs(slope(xp, z))),
        curvature,
        largest_slope=math.inf,
        largest_curvature=math.inf,
        formula=said,
        slope_formula=f"the slope of {said}",
        ulps=0,
        analytic=lambda z: value(np, z),
    )
    return Other(said, activation, rank=1)


def _leaky(slope: float) -> Other:
    said = f"leaky relu of {{z}} with a slope of {slope:g}"
    return _named(f"leaky_relu:{slope:g}", said)


def _clipped(said: str, low: float, high: float, slope: float, shift: float) -> Other:
    return _rough(
        said,
        lambda xp, z: xp.clip(slope * z + shift, low, high),
        lambda xp, z: xp.where((slope * z + shift > low) & (slope * z + shift < high), slope, 0.0),
    )


def _sigmoid_slope(z: Array, scale: float) -> Array:
    s = sigmoid(np, scale * z)
    return s + scale * z * s * (1 - s)


def _named(name: str, said: str = "", rank: int = 1) -> Other:
    """Returns an activation of the catalogue."""
    said = said or f"{name} of {{z}}"
    asked_for = "" if name in said else f" ({name} of --activation)"
    return Other(said, activation_row(name), rank, asked_for)


IDENTITY = Other("{z}, without the activation", activation_row("identity"))
OTHERS = (  # whose slopes are not all 1
    *(_named(name, rank=0) for name in ("sigmoid", "tanh", "relu", "softplus", "silu")),
    _named("gelu", "gelu of {z} in its tanh form", rank=0),
    _named("gelu_erf", "gelu of {z} in its erf form", rank=0),
    _rough(
        "gelu of {z} as z sigmoid(1.702 z)",
        lambda xp, z: z * sigmoid(xp, 1.702 * z),
        lambda xp, z: _sigmoid_slope(z, 1.702),
    ),
    *map(_leaky, (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)),
    _named("elu"),
    _named("selu"),
    _named("relu6", "relu of {z} up to 6"),
    _named("hard_tanh", "hard tanh of {z}"),
    _named("hard_sigmoid", "hard sigmoid of {z} as clip(z / 6 + 1 / 2)"),
    _clipped("hard sigmoid of {z} as clip(0.2 z + 1 / 2)", 0, 1, 0.2, 0.5),
    _named("softsign"),
    _named("mish"),
    _named("hard_swish", "hard swish of {z}"),
    _rough("sin of {z}", lambda xp, z: xp.sin(z), lambda xp, z: xp.cos(z)),
    _rough("the square of {z}", lambda xp, z: z * z, lambda xp, z: 2 * z),
)


def twice(phi: Activation) -> Other:
    """Returns an activation applied to what it gives."""
    return _rough(
        "phi of phi of {z}",
        lambda xp, z: phi.value(xp, phi.value(xp, z)),
        lambda xp, z: phi.slope(xp, phi.value(xp, z)) * phi.slope(xp, z),
    )


def called(activation: Activation) -> str:
    """Returns the name of an activation."""
    return "gelu in its tanh form" if activation.name == "gelu" else activation.name or "another"
