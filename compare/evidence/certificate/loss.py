"""What is known of a loss on an output activation, as a function of z of the last layer.

The sample axis is last: z and y are [k, N].
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activations import Activation, Array
from compare.evidence.certificate.rounding import Rounding

# (xp, z, y, error of z, error of y, rounding) -> error of the slope, [k, N]
SlopeError = Callable[[Any, Array, Array, Array, Array, Rounding], Array]


class Loss(NamedTuple):
    """A loss of one sample as a function of z, with what is known of its rounding."""

    value: Callable[[Array, Array], Array]  # (z, y) -> [N]; z may be complex
    slope: Callable[[Any, Array, Array], Array]  # (xp, z, y) -> dL/dz [k, N]
    slope_error: SlopeError
    curvature: Callable[[Array], Array | float]  # (y) -> sup of the sums of a row of |d2L/dz2|
    is_mixed: bool  # whether the slope of an output depends on z of the others
    formula: str
    slope_formula: str
    factor: int  # the constant in front of the slope
    turned: str  # how a wrong sign comes about

    def has_steps(self, y: Array) -> bool:
        """Whether the slope has a few values alone, which tell little of what z was."""
        return not np.any(self.curvature(y))


def value_error(xp: Any, phi: Activation, z: Array, z_error: Array, rounding: Rounding) -> Array:
    """Returns how far a computed phi(z) may be off, [k, N]."""
    steepest = phi.steepest(xp, z, z_error)
    cost = rounding.u * phi.value_cost(xp, z) + rounding.lam * (2 + xp.abs(z))
    return steepest * z_error + cost + rounding.logistic_error(xp, z, phi)
