"""phi'(z) of a layer, and how far the slope of an implementation may be from it.

The sample axis is last. Shape letters: N samples, n_l units of layer l.
"""

from typing import Any, NamedTuple

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.forward import Preacts
from compare.evidence.certificate.recovery import LayerGradient
from compare.evidence.certificate.rounding import Rounding

_SECOND_ORDER = 1 + 2.0**-10  # for errors that are worked out to first order


class Slope(NamedTuple):
    """A slope and its error, [n_l, N] each."""

    value: Array
    error: Array


def slope_of(
    xp: Any, phi: Activation, preacts: Preacts, above: LayerGradient, rounding: Rounding
) -> Slope:
    """Returns phi'(z).

    Args:
      xp: numpy or jax.numpy.
      phi: the activation. If its slope may come from its value, all between that slope and the one
        from z is allowed.
      preacts: z of the layer.
      above: the gradient of the layer above, which contains the value of phi.
      rounding: of the implementation.
    """
    z, z_error = preacts
    error = phi.curvature(xp, z, z_error) * z_error + rounding.u * phi.slope_cost(xp, z)
    flushed = rounding.lam * (1 + xp.abs(z)) if phi.has_logistic else 0.0
    error = error + flushed + rounding.logistic_error(xp, z, phi)
    value = phi.slope(xp, z)
    slope = Slope(value, error + rounding.square_error(xp, z, value, phi))
    if phi.from_value is None:
        return slope
    known = above.known & (xp.abs(z) > 4 * z_error)
    z, h = (xp.where(known, value, 1.0) for value in (z, above.h))
    other, by_value, by_input, cost = phi.from_value(xp, z, h)
    error = by_value * above.h_error + by_input * z_error + rounding.u * cost
    error = _SECOND_ORDER * error + rounding.lam * (1 + xp.abs(z))
    low = xp.minimum(other - error, slope.value - slope.error)
    high = xp.maximum(other + error, slope.value + slope.error)
    return Slope(
        xp.where(known, (low + high) / 2, slope.value),
        xp.where(known, (high - low) / 2, slope.error),
    )
