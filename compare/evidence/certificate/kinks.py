"""Inputs of an activation that are at a kink, or may be within their rounding error.

There every slope between those of its two sides is right: frameworks differ in it by convention (of
a ReLU at 0 it is 0 in torch and in jax.nn.relu, 1/2 in jax.numpy.maximum), and rounding alone may
choose a side. delta is then compared with all that lies between. The sample axis is last. Shape
letters: N samples, n_l units of layer l.
"""

from typing import Any, NamedTuple

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.forward import Preacts
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.certificate.slopes import Slope

_CLEAR = 2.0**11  # times its error: how large what comes down has to be to tell slopes apart
_STEPS = 2.0**10  # slopes are known to one in so many, so that sums of them are exact


class Kinks(NamedTuple):
    """Where units may be at a kink, and which slopes were taken at those that tell.

    A slope is counted from 0, the lower one of the two sides, to 1, the higher one.
    """

    at: Array  # [n_l, N] bool
    units: Array  # [N] how many tell which slope was taken
    slopes: Array  # [N] the sum of their slopes, each of them rounded


class Sides(NamedTuple):
    """The slopes that are right, [n_l, N] each: two where a unit may be at a kink."""

    at: Array  # bool
    low: Array
    high: Array
    error: Array  # of either, and of a product with it

    @property
    def admit_zero(self) -> Array:
        """Where a unit is at a kink, and 0 is between the slopes of its sides, [n_l, N] bool."""
        return self.at & (self.low <= 0) & (self.high >= 0)

    def steepest(self, xp: Any) -> Array:
        """Returns the largest magnitude of a slope that is right, [n_l, N]."""
        return xp.maximum(xp.abs(self.low), xp.abs(self.high))

    def nearest_right(self, xp: Any, s: Array, delta: Array) -> Array:
        """Returns what is nearest to delta of all that lies between s low and s high, [n_l, N]."""
        ends = self.low * s, self.high * s
        return xp.clip(delta, xp.minimum(*ends), xp.maximum(*ends))


def find_sides(
    xp: Any, phi: Activation, preacts: Preacts, slope: Slope, rounding: Rounding
) -> Sides:
    """Finds the units whose input may be at a kink of phi.

    Args:
      xp: numpy or jax.numpy.
      phi: the activation.
      preacts: z of the layer, [n_l, N].
      slope: phi'(z).
      rounding: of the implementation.
    """
    z, z_error = preacts
    at, low, high = xp.zeros_like(z, bool), slope.value, slope.value
    for kink in phi.kinks:
        near = kink.is_near(xp, z, z_error, rounding.u)
        at = at | near
        low = xp.where(near, xp.minimum(low, min(kink.left, kink.right)), low)
        high = xp.where(near, xp.maximum(high, max(kink.left, kink.right)), high)
    found = Sides(at, low, high, slope.error)
    if all(kink.is_exact for kink in phi.kinks):
        return found
    return found._replace(error=slope.error + 2 * rounding.u * found.steepest(xp))


def no_kinks(xp: Any, delta: Array) -> Kinks:
    """Returns the kinks of a layer whose activation has none, and whose delta is [n_l, N]."""
    none = xp.zeros(delta.shape[-1])
    return Kinks(xp.zeros_like(delta, bool), none, none)


def find_kinks(xp: Any, sides: Sides, above: tuple[Array, Array], delta: Array) -> Kinks:
    """Finds which slopes were taken, at units of which what comes down from above tells it.

    Args:
      xp: numpy or jax.numpy.
      sides: the slopes that are right.
      above: what comes down from the layer above, and its error, [n_l, N] each.
      delta: of this layer, as found, [n_l, N].
    """
    s, s_error = above
    apart = sides.high - sides.low
    blurred = s_error * sides.steepest(xp) + sides.error * xp.abs(s)
    tells = sides.at & (xp.abs(s) * apart > _CLEAR * blurred)
    slope = (delta / xp.where(tells, s, 1.0) - sides.low) / xp.where(tells, apart, 1.0)
    slope = xp.round(slope * _STEPS) / _STEPS
    slopes = xp.sum(xp.where(tells, slope, 0.0), axis=0)
    return Kinks(sides.at, xp.sum(xp.where(tells, 1.0, 0.0), axis=0), slopes)
