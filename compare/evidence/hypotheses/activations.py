"""Activations that a network may have been given in place of its own.

Those of the catalogue, and others that people write. Of these only values and slopes are known; how
far they change within an error of z is found by looking there, which is no proof but tells them
apart.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from compare.evidence.certificate.activation_functions import Array, sigmoid
from compare.evidence.certificate.activations import ACTIVATIONS, Activation

_COST = 16.0  # roundings of a value or slope that is written in some way

Function: TypeAlias = Callable[[Any, Array], Array]


class Other(NamedTuple):
    """An activation, and how it is called."""

    said: str  # of {z}
    activation: Activation
    rank: int = 0  # 1 if it is met less often, and may be another one in part


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


def _cdf(z: Array) -> Array:
    return 0.5 * (1 + np.vectorize(math.erf, otypes=[np.float64])(z / math.sqrt(2)))


def _leaky(slope: float) -> Other:
    return _rough(
        f"leaky relu of {{z}} with a slope of {slope:g}",
        lambda xp, z: xp.where(z > 0, z, slope * z),
        lambda xp, z: xp.where(z > 0, 1.0, slope),
    )


def _elu(said: str, scale: float, alpha: float) -> Other:
    return _rough(
        said,
        lambda xp, z: scale * xp.where(z > 0, z, alpha * xp.expm1(xp.minimum(z, 0))),
        lambda xp, z: scale * xp.where(z > 0, 1.0, alpha * xp.exp(xp.minimum(z, 0))),
    )


def _clipped(said: str, low: float, high: float, slope: float, shift: float) -> Other:
    return _rough(
        said,
        lambda xp, z: xp.clip(slope * z + shift, low, high),
        lambda xp, z: xp.where((slope * z + shift > low) & (slope * z + shift < high), slope, 0.0),
    )


def _sigmoid_slope(z: Array, scale: float) -> Array:
    s = sigmoid(np, scale * z)
    return s + scale * z * s * (1 - s)


def _catalogued(name: str, said: str) -> Other:
    return Other(said, ACTIVATIONS[name])


IDENTITY = _catalogued("identity", "{z}, without the activation")
OTHERS = (  # whose slopes are not all 1
    *(_catalogued(name, f"{name} of {{z}}") for name in ("sigmoid", "tanh", "relu", "softplus")),
    _catalogued("silu", "silu of {z}"),
    _catalogued("gelu", "gelu of {z} in its tanh form"),
    _rough(
        "gelu of {z} in its erf form",
        lambda xp, z: z * _cdf(z),
        lambda xp, z: _cdf(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi),
    )._replace(rank=0),
    _rough(
        "gelu of {z} as z sigmoid(1.702 z)",
        lambda xp, z: z * sigmoid(xp, 1.702 * z),
        lambda xp, z: _sigmoid_slope(z, 1.702),
    ),
    *map(_leaky, (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)),
    _elu("elu of {z}", 1.0, 1.0),
    _elu("selu of {z}", 1.0507009873554805, 1.6732632423543772),
    _clipped("relu of {z} up to 6", 0, 6, 1, 0),
    _clipped("hard tanh of {z}", -1, 1, 1, 0),
    _clipped("hard sigmoid of {z} as clip(z / 6 + 1 / 2)", 0, 1, 1 / 6, 0.5),
    _clipped("hard sigmoid of {z} as clip(0.2 z + 1 / 2)", 0, 1, 0.2, 0.5),
    _rough(
        "softsign of {z}",
        lambda xp, z: z / (1 + xp.abs(z)),
        lambda xp, z: 1 / (1 + xp.abs(z)) ** 2,
    ),
    _rough(
        "mish of {z}",
        lambda xp, z: z * xp.tanh(xp.logaddexp(0, z)),
        lambda xp, z: (
            xp.tanh(xp.logaddexp(0, z))
            + z * (1 - xp.tanh(xp.logaddexp(0, z)) ** 2) * sigmoid(xp, z)
        ),
    ),
    _rough(
        "hard swish of {z}",
        lambda xp, z: z * xp.clip(z + 3, 0, 6) / 6,
        lambda xp, z: xp.where(z <= -3, 0.0, xp.where(z < 3, (2 * z + 3) / 6, 1.0)),
    ),
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
    """Returns the name of an activation of the catalogue."""
    named = (name for name, one in ACTIVATIONS.items() if one.formula == activation.formula)
    name = next(named, "another")
    return "gelu in its tanh form" if name == "gelu" else name
