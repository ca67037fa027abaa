"""Activations as evidence sees them, one row each.

Nothing here is shared with the implementations that are judged.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate import activation_costs as costs
from compare.evidence.certificate import activation_functions as functions
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.textbook import (
    SLOPE,
    TEXTBOOK,
    FromValue,
    Textbook,
)

_NEAR_0 = 2.0**-10


class Activation(NamedTuple):
    """An activation with what is known about its rounding; functions take (xp, z)."""

    value: Callable[[Any, Array], Array]
    slope: Callable[[Any, Array], Array]
    value_cost: costs.Cost
    slope_cost: costs.Cost
    curvature: Callable[[Any, Array, Array], Array]  # (xp, z, reach) -> sup |phi''| within reach
    largest_slope: float  # sup |phi'|
    largest_curvature: float  # sup |phi''|, 0 for relu: its kink is treated as one
    formula: str  # of z
    slope_formula: str  # of h or z
    ulps: int  # the largest error of an elementary function of this name, in ulps of its value
    analytic: Callable[[np.ndarray], np.ndarray]  # phi on complex numbers, branching on Re z
    has_kink: bool = False
    has_logistic: bool = False  # whether it or its slope may be computed as 1 / (1 + exp(-z))
    textbook: Textbook | None = None  # None if no formula of it loses digits
    # a slope computed from the value, (xp, z, h); None if every slope comes from z
    from_value: Callable[[Any, Array, Array], FromValue] | None = None
    squares: bool = False  # whether its slope may come from squares of exponentials

    def steepest(self, xp: Any, z: Array, reach: Array) -> Array:
        """Bounds |phi'| everywhere in [z - reach, z + reach]."""
        if self.has_kink:
            return xp.full_like(z, self.largest_slope)
        near = xp.abs(self.slope(xp, z)) + self.curvature(xp, z, reach) * reach
        return xp.fmin(near, self.largest_slope)

    def by_textbook(self, *, is_mixed: bool = False) -> "Activation":
        """Returns the same activation, computed by any formula that textbooks have.

        Args:
          is_mixed: whether its slope may come from any value, and not only from its own.
        """
        if self.textbook is None:
            return self

        def slope_cost(xp: Any, z: Array) -> Array:
            cost = self.slope_cost(xp, z) + SLOPE * xp.abs(self.slope(xp, z))
            return cost + lost_in_slope(xp, z, self, value_cost, from_value) if is_mixed else cost

        value_cost, from_value = self.textbook.value_cost, self.textbook.from_value
        if is_mixed:
            value_cost = self.textbook.mixed_cost or value_cost
        return self._replace(
            value_cost=value_cost,
            slope_cost=slope_cost,
            from_value=from_value,
            squares=self.has_logistic,
        )


def lost_in_slope(
    xp: Any,
    z: Array,
    phi: Activation,
    value_cost: costs.Cost,
    from_value: Callable[[Any, Array, Array], FromValue],
) -> Array:
    """Returns what a slope loses that comes from a value of its own, in units of u.

    That value has lost up to `value_cost`. A slope such as h^2 exp(-z) follows it by more than
    h (1 - h) does, but not by more than twice that and the slope; that is no more than the slope
    from z loses anyway where z is over 1.
    """
    away = xp.where(xp.abs(z) < _NEAR_0, _NEAR_0, z)  # h / z is the same there
    found = from_value(xp, away, phi.value(xp, away))
    follows = 2 * found.by_value + xp.abs(phi.slope(xp, away)) / xp.maximum(1, xp.abs(away))
    return follows * value_cost(xp, away) + found.cost


ACTIVATIONS: MappingProxyType[str, Activation] = MappingProxyType(
    {
        "sigmoid": Activation(
            functions.sigmoid,
            functions.sigmoid_slope,
            costs.relative_cost(costs.SIGMOID_ULPS, functions.sigmoid),
            costs.sigmoid_slope_cost,
            largest_slope=0.25,
            curvature=functions.sigmoid_curvature,
            largest_curvature=0.0963,
            formula="1 / (1 + exp(-z))",
            slope_formula="h * (1 - h)",
            ulps=costs.SIGMOID_ULPS,
            analytic=functions.analytic_sigmoid,
            textbook=TEXTBOOK["sigmoid"],
            has_logistic=True,
        ),
        "tanh": Activation(
            lambda xp, z: xp.tanh(z),
            functions.tanh_slope,
            costs.relative_cost(costs.TANH_ULPS, lambda xp, z: xp.tanh(z)),
            costs.tanh_slope_cost,
            largest_slope=1.0,
            curvature=functions.tanh_curvature,
            largest_curvature=0.7699,
            formula="tanh(z)",
            slope_formula="1 - h^2",
            ulps=costs.TANH_ULPS,
            analytic=np.tanh,
            textbook=TEXTBOOK["tanh"],
        ),
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
            has_kink=True,
        ),
        "softplus": Activation(
            functions.softplus,
            functions.sigmoid,
            costs.relative_cost(costs.SOFTPLUS_ULPS, functions.softplus),
            costs.softplus_slope_cost,
            largest_slope=1.0,
            curvature=functions.softplus_curvature,
            largest_curvature=0.25,
            formula="log(1 + exp(z))",
            slope_formula="sigmoid(z)",
            ulps=costs.SOFTPLUS_ULPS,
            analytic=functions.analytic_softplus,
            textbook=TEXTBOOK["softplus"],
            has_logistic=True,
        ),
        "silu": Activation(
            lambda xp, z: z * functions.sigmoid(xp, z),
            lambda xp, z: functions.sigmoid(xp, z) + z * functions.sigmoid_slope(xp, z),
            costs.relative_cost(costs.SILU_ULPS, lambda xp, z: z * functions.sigmoid(xp, z)),
            costs.silu_slope_cost,
            largest_slope=1.1,
            curvature=functions.silu_curvature,
            largest_curvature=0.5,
            formula="z * sigmoid(z)",
            slope_formula="sigmoid(z) + h * (1 - sigmoid(z))",
            ulps=costs.SILU_ULPS,
            analytic=lambda z: z * functions.analytic_sigmoid(z),
            textbook=TEXTBOOK["silu"],
            has_logistic=True,
        ),
        "gelu": Activation(
            lambda xp, z: z * functions.gelu_half(xp, z),
            functions.gelu_slope,
            costs.gelu_value_cost,
            costs.gelu_slope_cost,
            largest_slope=1.13,
            curvature=functions.gelu_curvature,
            largest_curvature=0.8,
            formula="0.5 * z * (1 + t) with t = tanh(0.797885 * (z + 0.044715 * z^3))",
            slope_formula="0.5 * (1 + t) + 0.5 * z * (1 - t^2) * 0.797885 * (1 + 0.134145 * z^2)",
            ulps=costs.GELU_ULPS,
            analytic=lambda z: z * functions.analytic_sigmoid(2 * functions.gelu_inner(z)),
            textbook=TEXTBOOK["gelu"],
        ),
        "identity": Activation(
            lambda xp, z: z,
            lambda xp, z: xp.ones_like(z),
            costs.no_cost,
            costs.no_cost,
            largest_slope=1.0,
            curvature=functions.no_curvature,
            largest_curvature=0.0,
            formula="z",
            slope_formula="1",
            ulps=0,
            analytic=lambda z: z,
        ),
    }
)
