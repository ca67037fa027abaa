"""Activations whose slope jumps somewhere, one row each; two of them have a number.

The width of a kink at 3 is what z + 3 or z / 6 + 1 / 2 may lose: 2 u of 1, which is 12 u in z.
"""

from types import MappingProxyType
from typing import Any

import numpy as np

from compare.evidence.certificate import activation_costs as costs
from compare.evidence.certificate import activation_functions as functions
from compare.evidence.certificate.activation import Activation, Kink
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.textbook import TEXTBOOK, elu_textbook

_WIDE = 16.0
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # arXiv:1706.02515, section 2


def _jump(at: float, left: float, right: float, width: float = 0.0) -> tuple[Kink, ...]:
    """Returns the kink, if there is one."""
    return () if left == right else (Kink(at, left, right, width),)


def leaky_relu(slope: float = 0.01) -> Activation:
    """Below 0 the slope and the product with it are rounded, by u each."""
    return Activation(
        lambda xp, z: xp.where(z > 0, z, slope * z),
        lambda xp, z: xp.where(z > 0, 1.0, slope),
        lambda xp, z: xp.where(z > 0, 0.0, 2 * xp.abs(slope * z)),
        lambda xp, z: xp.where(z > 0, 0.0, abs(slope)),
        curvature=functions.no_curvature,
        largest_slope=max(1.0, abs(slope)),
        largest_curvature=0.0,
        formula=f"z where z > 0, else {slope:g} * z",
        slope_formula=f"1 where z > 0, else {slope:g}",
        ulps=0,
        analytic=lambda z: np.where(z.real > 0, z, slope * z),
        kinks=_jump(0.0, slope, 1.0),
    )


def elu(alpha: float = 1.0, scale: float = 1.0) -> Activation:
    """Returns ELU, times a scale."""
    steep, size = scale * alpha, abs(scale * alpha)
    times = "" if scale == 1 else f"{scale:g} * "
    shown = "" if steep == 1 else f"{steep:.6g} * "

    def value(xp: Any, z: Array) -> Array:
        return xp.where(z > 0, scale * z, steep * xp.expm1(xp.minimum(z, 0)))

    def slope(xp: Any, z: Array) -> Array:
        return xp.where(z > 0, scale, steep * xp.exp(xp.minimum(z, 0)))

    def curvature(xp: Any, z: Array, reach: Array) -> Array:
        """e^z, which grows, as far as there is something below 0."""
        return xp.where(z - reach > 0, 0.0, size * xp.exp(xp.minimum(z + reach, 0)))

    return Activation(
        value,
        slope,
        lambda xp, z: costs.elu_value_cost(xp, z, steep, scale),
        lambda xp, z: costs.elu_slope_cost(xp, z, steep, scale),
        curvature=curvature,
        largest_slope=max(abs(scale), size),
        largest_curvature=size,
        formula=f"{times}z where z > 0, else {shown}(exp(z) - 1)",
        slope_formula=f"{scale:g} where z > 0, else {shown}exp(z)",
        ulps=0,
        analytic=lambda z: np.where(
            z.real > 0, scale * z, steep * functions.analytic_expm1(np.where(z.real > 0, 0, z))
        ),
        kinks=_jump(0.0, steep, scale),
        textbook=elu_textbook(steep, scale),
    )


def _clipped(low: float, high: float, formula: str) -> Activation:
    """Returns z clipped, which rounds nothing."""
    return Activation(
        lambda xp, z: xp.clip(z, low, high),
        lambda xp, z: xp.where((z > low) & (z < high), 1.0, 0.0),
        costs.no_cost,
        costs.no_cost,
        curvature=functions.no_curvature,
        largest_slope=1.0,
        largest_curvature=0.0,
        formula=formula,
        slope_formula=f"1 where {low:g} < z < {high:g}, else 0",
        ulps=0,
        analytic=lambda z: np.where(z.real <= low, low, np.where(z.real >= high, high, z)),
        kinks=(Kink(low, 0.0, 1.0), Kink(high, 1.0, 0.0)),
    )


def _third(xp: Any, z: Array) -> Array:
    """Returns (z + 3) / 6, from 0 to 1."""
    return xp.clip(z + 3, 0, 6) / 6


def _analytic_third(z: np.ndarray) -> np.ndarray:
    return np.where(z.real <= -3, 0, np.where(z.real >= 3, 1, (z + 3) / 6))


def _hard_swish_slope(xp: Any, z: Array) -> Array:
    return xp.where(z <= -3, 0.0, xp.where(z < 3, (2 * z + 3) / 6, 1.0))


KINKED: MappingProxyType[str, Activation] = MappingProxyType(
    {
        "relu": Activation(
            lambda xp, z: xp.maximum(z, 0),
            lambda xp, z: xp.where(z > 0, 1.0, 0.0),
            costs.no_cost,
            costs.no_cost,
            largest_slope=1.0,
            curvature=functions.no_curvature,
            largest_curvature=0.0,
            formula="max(z, 0)",
            slope_formula="1 where z > 0, else 0",
            ulps=0,
            analytic=lambda z: np.where(z.real <= 0, 0, z),
            kinks=(Kink(0.0, 0.0, 1.0),),
            steep_everywhere=True,
        ),
        "leaky_relu": leaky_relu(),
        "elu": elu(),
        "selu": elu(_SELU_ALPHA, scale=_SELU_SCALE),
        "relu6": _clipped(0.0, 6.0, "min(max(z, 0), 6)"),
        "hard_tanh": _clipped(-1.0, 1.0, "min(max(z, -1), 1)"),
        "hard_sigmoid": Activation(
            _third,
            lambda xp, z: xp.where(xp.abs(z) < 3, 1 / 6, 0.0),
            costs.hard_sigmoid_cost,
            lambda xp, z: xp.where(xp.abs(z) < 3, 1 / 3, 0.0),
            curvature=functions.no_curvature,
            largest_slope=1 / 6,
            largest_curvature=0.0,
            formula="min(max(z + 3, 0), 6) / 6",
            slope_formula="1 / 6 where -3 < z < 3, else 0",
            ulps=0,
            analytic=_analytic_third,
            kinks=(Kink(-3.0, 0.0, 1 / 6, _WIDE), Kink(3.0, 1 / 6, 0.0, _WIDE)),
            textbook=TEXTBOOK["hard_sigmoid"],
        ),
        "hard_swish": Activation(
            lambda xp, z: z * _third(xp, z),
            _hard_swish_slope,
            costs.hard_swish_cost,
            costs.hard_swish_slope_cost,
            curvature=functions.hard_swish_curvature,
            largest_slope=1.5,
            largest_curvature=1 / 3,
            formula="z * min(max(z + 3, 0), 6) / 6",
            slope_formula="(2 * z + 3) / 6 where -3 < z < 3, else 0 where z < 0, else 1",
            ulps=0,
            analytic=lambda z: z * _analytic_third(z),
            kinks=(Kink(-3.0, 0.0, -0.5, _WIDE), Kink(3.0, 1.5, 1.0, _WIDE)),
        ),
    }
)
