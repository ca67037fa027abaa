"""What evidence knows of an activation.

Nothing here is shared with the implementations that are judged.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate import activation_costs as costs
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.textbook import SLOPE, FromValue, Textbook

_NEAR_0 = 2.0**-10


class Kink(NamedTuple):
    """Where the slope jumps."""

    at: float  # the place, in z
    left: float  # the slopes on its two sides
    right: float
    width: float = 0.0  # how far off a program may see z, in units of u, as it adds 3 to it

    def is_near(self, xp: Any, z: Array, reach: Array, u: float = 0.0) -> Array:
        """Returns whether it may lie in [z - reach, z + reach], [...] bool."""
        away = z - self.at if self.at else z
        return xp.abs(away) <= reach + self.width * u

    @property
    def is_exact(self) -> bool:
        """Whether a product with either slope is not rounded."""
        return {self.left, self.right} <= {0.0, 1.0}


class Activation(NamedTuple):
    """An activation with what is known about its rounding; functions take (xp, z)."""

    value: Callable[[Any, Array], Array]
    slope: Callable[[Any, Array], Array]
    value_cost: costs.Cost
    slope_cost: costs.Cost
    curvature: Callable[[Any, Array, Array], Array]  # (xp, z, reach) -> sup |phi''| within reach
    largest_slope: float  # sup |phi'|
    largest_curvature: float  # sup |phi''| beside kinks
    formula: str  # of z
    slope_formula: str  # of h or z
    ulps: int  # the largest error of an elementary function of this name, in ulps of its value
    analytic: Callable[[np.ndarray], np.ndarray]  # phi on complex numbers, branching on Re z
    kinks: tuple[Kink, ...] = ()
    steep_everywhere: bool = False  # whether largest_slope stands for the slope of every place
    has_logistic: bool = False  # whether it or its slope may be computed as 1 / (1 + exp(-z))
    textbook: Textbook | None = None  # None if no formula of it loses digits
    # a slope computed from the value, (xp, z, h); None if every slope comes from z
    from_value: Callable[[Any, Array, Array], FromValue] | None = None
    name: str = ""  # that people give it; empty if it is not of the catalogue
    squares: bool = False  # whether its slope may come from squares of exponentials
    # how many lam a gradient may lose on its way through phi; None if no factor makes them more
    flushed: Callable[[Any, Array], Array] | None = None

    def steepest(self, xp: Any, z: Array, reach: Array) -> Array:
        """Bounds |phi'| everywhere in [z - reach, z + reach]."""
        if self.steep_everywhere:
            return xp.full_like(z, self.largest_slope)
        bend = self.curvature(xp, z, reach) * reach
        near = xp.abs(self.slope(xp, z)) + bend
        for kink in self.kinks:
            beside = max(abs(kink.left), abs(kink.right)) + 2 * bend
            near = xp.where(kink.is_near(xp, z, reach), xp.maximum(near, beside), near)
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
