"""Activations as evidence sees them: phi and phi' in float64, and what computing them may cost.

Nothing here is shared with the implementations that are judged. Costs are absolute errors in units
of the unit roundoff u of the implementation's dtype, for the formulas that jax and torch use: an
elementary function is right to k ulps, 2 k u of its value, with k from the table below, and every
further operation adds u. z is [...], and every function here is elementwise.
"""

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

Array = Any  # numpy.ndarray or a jax array; xp is the module that goes with it

# Errors in ulps that no library on any machine tried has exceeded; a test measures them again.
EXP_ULPS = 2
_SIGMOID_ULPS, _TANH_ULPS, _SOFTPLUS_ULPS, _SILU_ULPS, _GELU_ULPS = 4, 6, 4, 5, 6
_GELU_SCALE = math.sqrt(2 / math.pi)


class Activation(NamedTuple):
    """An activation with what is known about its rounding; functions take (xp, z)."""

    value: Callable[[Any, Array], Array]
    slope: Callable[[Any, Array], Array]
    value_cost: Callable[[Any, Array], Array]
    slope_cost: Callable[[Any, Array], Array]
    largest_slope: float  # sup |phi'|
    largest_curvature: float  # sup |phi''|, 0 for relu: its kink is treated as one
    formula: str  # of z
    slope_formula: str  # of h or z
    ulps: int  # the largest error of an elementary function of this name, in ulps of its value
    analytic: Callable[[np.ndarray], np.ndarray]  # phi on complex numbers, branching on Re z
    has_kink: bool = False
    has_logistic: bool = False  # whether it or its slope may be computed as 1 / (1 + exp(-z))


def _sigmoid(xp: Any, z: Array) -> Array:
    e = xp.exp(-xp.abs(z))
    return xp.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _sigmoid_slope(xp: Any, z: Array) -> Array:
    e = xp.exp(-xp.abs(z))
    return e / ((1 + e) * (1 + e))


def _tanh_slope(xp: Any, z: Array) -> Array:
    return 4 * _sigmoid_slope(xp, 2 * z)


def _softplus(xp: Any, z: Array) -> Array:
    return xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z)))


def _gelu_inner(z: Array) -> Array:
    return _GELU_SCALE * (z + 0.044715 * z * z * z)


def _gelu_inner_slope(z: Array) -> Array:
    return _GELU_SCALE * (1 + 3 * 0.044715 * z * z)


def _gelu_half(xp: Any, z: Array) -> Array:
    """(1 + tanh) / 2, without the cancellation of that formula."""
    return _sigmoid(xp, 2 * _gelu_inner(z))


def _gelu_slope(xp: Any, z: Array) -> Array:
    t_slope = _tanh_slope(xp, _gelu_inner(z))
    return _gelu_half(xp, z) + 0.5 * z * t_slope * _gelu_inner_slope(z)


def _gelu_tanh_cost(xp: Any, z: Array) -> Array:
    """tanh is right to 6 ulps of 1, and its argument to 5 roundings."""
    inner = _gelu_inner(z)
    return 2 * _GELU_ULPS * xp.abs(xp.tanh(inner)) + 5 * xp.abs(inner) * _tanh_slope(xp, inner)


def _gelu_value_cost(xp: Any, z: Array) -> Array:
    value = xp.abs(z) * _gelu_half(xp, z)
    return 0.5 * xp.abs(z) * (_gelu_tanh_cost(xp, z) + 1) + 3 * value


def _gelu_slope_cost(xp: Any, z: Array) -> Array:
    t_cost = _gelu_tanh_cost(xp, z)
    reach = 0.5 * xp.abs(z) * _gelu_inner_slope(z)
    steep = reach * _tanh_slope(xp, _gelu_inner(z))
    return 0.5 * t_cost + 1 + reach * (2 * t_cost + 2) + 8 * (_gelu_half(xp, z) + steep)


def _sigmoid_slope_cost(xp: Any, z: Array) -> Array:
    """h (1 - h) with h right to k ulps: 2 k u h of absolute error, and three roundings."""
    return (2 * _SIGMOID_ULPS + 3) * _sigmoid(xp, z)


def _tanh_slope_cost(xp: Any, z: Array) -> Array:
    """1 - h^2 with h right to k ulps: 4 k u h^2, and three roundings of any form of it."""
    return (4 * _TANH_ULPS + 1) * xp.square(xp.tanh(z)) + 3


def _softplus_slope_cost(xp: Any, z: Array) -> Array:
    """jax computes exp(z - softplus(z)), where the error of softplus becomes a relative one."""
    relative = 2 * _SOFTPLUS_ULPS * _softplus(xp, z) + _softplus(xp, -z) + 2 * EXP_ULPS + 6
    return relative * _sigmoid(xp, z)


def _silu_slope_cost(xp: Any, z: Array) -> Array:
    """s + z s (1 - s) with s right to k ulps."""
    return (2 * _SILU_ULPS + 6) * _sigmoid(xp, z) * (1 + xp.abs(z))


def _relative_cost(
    ulps: int, value: Callable[[Any, Array], Array]
) -> Callable[[Any, Array], Array]:
    return lambda xp, z: 2 * ulps * xp.abs(value(xp, z))


def _analytic_sigmoid(z: np.ndarray) -> np.ndarray:
    e = np.exp(np.where(z.real >= 0, -z, z))  # never overflows
    return np.where(z.real >= 0, 1, e) / (1 + e)


def _analytic_softplus(z: np.ndarray) -> np.ndarray:
    right = z.real >= 0
    e = np.exp(np.where(right, -z, z))
    return np.where(right, z, 0) + np.log1p(e.real) + 1j * e.imag / (1 + e.real)


def _none(xp: Any, z: Array) -> Array:
    return xp.zeros_like(z)


ACTIVATIONS: MappingProxyType[str, Activation] = MappingProxyType(
    {
        "sigmoid": Activation(
            _sigmoid,
            _sigmoid_slope,
            _relative_cost(_SIGMOID_ULPS, _sigmoid),
            _sigmoid_slope_cost,
            largest_slope=0.25,
            largest_curvature=0.0963,
            formula="1 / (1 + exp(-z))",
            slope_formula="h * (1 - h)",
            ulps=_SIGMOID_ULPS,
            analytic=_analytic_sigmoid,
            has_logistic=True,
        ),
        "tanh": Activation(
            lambda xp, z: xp.tanh(z),
            _tanh_slope,
            _relative_cost(_TANH_ULPS, lambda xp, z: xp.tanh(z)),
            _tanh_slope_cost,
            largest_slope=1.0,
            largest_curvature=0.7699,
            formula="tanh(z)",
            slope_formula="1 - h^2",
            ulps=_TANH_ULPS,
            analytic=np.tanh,
        ),
        "relu": Activation(
            lambda xp, z: xp.maximum(z, 0),
            lambda xp, z: xp.where(z > 0, 1.0, 0.0),
            _none,
            _none,
            largest_slope=1.0,
            largest_curvature=0.0,
            formula="max(z, 0)",
            slope_formula="1 where z > 0, else 0",
            ulps=0,
            analytic=lambda z: np.where(z.real <= 0, 0, z),
            has_kink=True,
        ),
        "softplus": Activation(
            _softplus,
            _sigmoid,
            _relative_cost(_SOFTPLUS_ULPS, _softplus),
            _softplus_slope_cost,
            largest_slope=1.0,
            largest_curvature=0.25,
            formula="log(1 + exp(z))",
            slope_formula="sigmoid(z)",
            ulps=_SOFTPLUS_ULPS,
            analytic=_analytic_softplus,
            has_logistic=True,
        ),
        "silu": Activation(
            lambda xp, z: z * _sigmoid(xp, z),
            lambda xp, z: _sigmoid(xp, z) + z * _sigmoid_slope(xp, z),
            _relative_cost(_SILU_ULPS, lambda xp, z: z * _sigmoid(xp, z)),
            _silu_slope_cost,
            largest_slope=1.1,
            largest_curvature=0.5,
            formula="z * sigmoid(z)",
            slope_formula="sigmoid(z) + h * (1 - sigmoid(z))",
            ulps=_SILU_ULPS,
            analytic=lambda z: z * _analytic_sigmoid(z),
            has_logistic=True,
        ),
        "gelu": Activation(
            lambda xp, z: z * _gelu_half(xp, z),
            _gelu_slope,
            _gelu_value_cost,
            _gelu_slope_cost,
            largest_slope=1.13,
            largest_curvature=0.8,
            formula="0.5 * z * (1 + t) with t = tanh(0.797885 * (z + 0.044715 * z^3))",
            slope_formula="0.5 * (1 + t) + 0.5 * z * (1 - t^2) * 0.797885 * (1 + 0.134145 * z^2)",
            ulps=_GELU_ULPS,
            analytic=lambda z: z * _analytic_sigmoid(2 * _gelu_inner(z)),
        ),
        "identity": Activation(
            lambda xp, z: z,
            lambda xp, z: xp.ones_like(z),
            _none,
            _none,
            largest_slope=1.0,
            largest_curvature=0.0,
            formula="z",
            slope_formula="1",
            ulps=0,
            analytic=lambda z: z,
        ),
    }
)
