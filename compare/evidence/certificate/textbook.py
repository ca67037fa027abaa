"""Activations by formulas of textbooks, where a small value is what is left of larger ones.

    tanh        (e^z - e^-z) / (e^z + e^-z), (e^2z - 1) / (e^2z + 1), 2 sigmoid(2 z) - 1
    sigmoid     (1 + tanh(z / 2)) / 2, 1 - 1 / (1 + e^z), e^z / (1 + e^z)
    softplus    log(1 + e^z), -log(sigmoid(-z))
    silu, gelu  with any of those inside

What they lose of a value is absolute, in units of u: with exp right to 4 u and 1 + e to another,
tanh is off by 13 u at most, and by 17 u where it comes from a sigmoid of 4 ulps; sigmoid by half of
17 + 2, or 10 u of itself; softplus by 5 u through its argument, or 10 u through a sigmoid, beside
the error of the logarithm.

A slope is either right to 17 u of itself, as e^-z / (1 + e^-z)^2 is, or it comes from the value as
the program had it, with all that the value has lost. The value is known, since a gradient contains
it, and so is such a slope: to a few roundings.

Where value and slope are computed by different formulas, as sigmoid by a library beside a slope
(1 - tanh(z / 2)^2) / 4, the slope has lost what a value of its own loses, and nobody knows that
value. A layer in which that may be all of delta says nothing.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate import activation_costs as costs
from compare.evidence.certificate import activation_functions as functions
from compare.evidence.certificate.activation_functions import Array

TANH, SIGMOID = 17.0, 10.0  # errors of a value in units of u, see above
SLOPE = 17.0  # of a slope that does not come from the value, in units of u of itself


class FromValue(NamedTuple):
    """A slope computed from the value h of the activation, and from z; all [...]."""

    slope: Array
    by_value: Array  # |d slope / d h|
    by_input: Array  # |d slope / d z| at the same h
    cost: Array  # roundings, in units of u


class Textbook(NamedTuple):
    """What is allowed of an activation by any formula of textbooks; functions take (xp, z, ...)."""

    value_cost: costs.Cost  # in units of u
    from_value: Callable[[Any, Array, Array], FromValue]  # (xp, z, h)
    mixed_cost: costs.Cost | None = None  # of formulas that lose still more; None: there is none


def _sigmoid_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    slope = h * (1 - h)
    return FromValue(slope, xp.abs(1 - 2 * h), xp.zeros_like(z), 3 * xp.abs(slope) + h * h)


def _tanh_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    slope = 1 - h * h
    return FromValue(slope, 2 * xp.abs(h), xp.zeros_like(z), 3 * xp.abs(slope) + 2 * h * h)


def _softplus_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    e = xp.exp(-h)
    return FromValue(1 - e, e, xp.zeros_like(z), (2 * costs.EXP_ULPS + 1) * e + 1)


def _unless_full(xp: Any, inner: Array, found: FromValue) -> FromValue:
    """Returns the slope from the value; 1 where tanh(inner) is, and the value is z itself."""
    full = costs.is_full(inner)
    return FromValue(
        *(xp.where(full, one, of) for one, of in zip((1, 0, 0, 2), found, strict=True))
    )


def _silu_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    """s + h (1 - s) with s = h / z."""
    s = h / z
    cost = 4 * (xp.abs(s) + xp.abs(h) * (1 + xp.abs(s)))
    by_value, by_input = xp.abs((1 + z - 2 * h) / z), xp.abs((h - 1) * s / z)
    return _unless_full(xp, z / 2, FromValue(s + h * (1 - s), by_value, by_input, cost))


def _gelu_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    """p + 2 h (1 - p) v'(z) with p = h / z, where the value is z p and p = (1 + tanh v) / 2."""
    p = h / z
    bend = functions.gelu_inner_slope(z)
    bend_slope = 6 * functions.GELU_SCALE * 0.044715 * z
    steep = 2 * h * (1 - p)
    by_value = (1 + 2 * bend * (z - 2 * h)) / z
    by_input = (2 * bend * h - 1) * p / z + steep * bend_slope
    cost = 2 + 10 * xp.abs(p) + 2 * xp.abs(h) * bend * (2 + 10 * xp.abs(1 - p))
    found = FromValue(p + steep * bend, xp.abs(by_value), xp.abs(by_input), cost)
    return _unless_full(xp, functions.gelu_inner(z), found)


def _softplus_cost(xp: Any, z: Array) -> Array:
    return SIGMOID + 2 * costs.SOFTPLUS_ULPS * functions.softplus(xp, z)


def _softplus_mixed_cost(xp: Any, z: Array) -> Array:
    """z + log(1 + e^-z) below 0: a logarithm as large as |z|."""
    return _softplus_cost(xp, z) + 2 * costs.SOFTPLUS_ULPS * xp.maximum(-z, 0)


def _gelu_cost(xp: Any, z: Array) -> Array:
    """z (1 + t) / 2 with t off by what tanh loses, and its argument right to 5 roundings."""
    inner = functions.gelu_inner(z)
    of_tanh = TANH + 5 * xp.abs(inner) * functions.tanh_slope(xp, inner)
    return 0.5 * xp.abs(z) * (of_tanh + 1) + 3 * xp.abs(z) * functions.gelu_half(xp, z)


def elu_textbook(steep: float, scale: float) -> Textbook:
    """steep (e^z - 1), right to 4 u of e^z, a rounding and two more; and a slope h + steep."""
    lost = (2 * costs.EXP_ULPS + 4) * abs(steep)

    def value_cost(xp: Any, z: Array) -> Array:
        return xp.where(z > 0, costs.elu_value_cost(xp, z, steep, scale), lost)

    def from_value(xp: Any, z: Array, h: Array) -> FromValue:
        left = FromValue(h + steep, xp.ones_like(z), xp.zeros_like(z), xp.full_like(z, lost))
        right = (scale, 0.0, 0.0, 2 * abs(scale))
        return FromValue(*(xp.where(z > 0, one, of) for one, of in zip(right, left, strict=True)))

    return Textbook(value_cost, from_value)


def _mish_cost(xp: Any, z: Array) -> Array:
    """z t with t off by what tanh loses, and by what follows from its argument."""
    of_tanh = TANH + _softplus_mixed_cost(xp, z) * functions.mish_fall(xp, z)
    return xp.abs(z) * (of_tanh + 2)


def _mish_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    """t + z (1 - t^2) s with t = h / z and s = sigmoid(z).

    However large z is, h may be z n / (n + 2) and so a rounding off, and 1 - t^2 is not 0 then.
    """
    t, s = h / z, functions.sigmoid(xp, z)
    fall = 1 - t * t
    by_value = (1 - 2 * z * t * s) / z
    by_input = -t * by_value + fall * s * (1 + z * (1 - s))
    cost = 5 * xp.abs(t) + xp.abs(z) * s * (3 * t * t + 2 + 20 * xp.abs(fall))
    return FromValue(t + z * fall * s, xp.abs(by_value), xp.abs(by_input), cost)


def _softsign_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    """(1 - |h|)^2, which is 1 / (1 + |z|)^2."""
    rest = 1 - xp.abs(h)
    return FromValue(rest * rest, 2 * xp.abs(rest), xp.zeros_like(z), 4 * rest * rest)


def _hard_sigmoid_from_value(xp: Any, z: Array, h: Array) -> FromValue:
    """torch.nn.Hardsigmoid has float32's 1/6 in float64 too, which is no better known than that."""
    del h
    slope = xp.where(xp.abs(z) < 3, float(np.float32(1) / np.float32(6)), 0.0)
    return FromValue(slope, xp.zeros_like(z), xp.zeros_like(z), 2 * slope)


TEXTBOOK: MappingProxyType[str, Textbook] = MappingProxyType(
    {
        "sigmoid": Textbook(lambda xp, z: xp.full_like(z, SIGMOID), _sigmoid_from_value),
        "tanh": Textbook(lambda xp, z: xp.full_like(z, TANH), _tanh_from_value),
        "softplus": Textbook(_softplus_cost, _softplus_from_value, _softplus_mixed_cost),
        "silu": Textbook(lambda xp, z: (SIGMOID + 1) * xp.abs(z), _silu_from_value),
        "gelu": Textbook(_gelu_cost, _gelu_from_value),
        "mish": Textbook(_mish_cost, _mish_from_value),
        "softsign": Textbook(costs.softsign_cost, _softsign_from_value),
        "hard_sigmoid": Textbook(costs.hard_sigmoid_cost, _hard_sigmoid_from_value),
    }
)
