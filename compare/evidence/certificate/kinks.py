"""Inputs of a ReLU that are 0, or whose sign is within their rounding error.

There every slope from 0 to 1 is right: frameworks differ in it by convention (0 in torch and in
jax.nn.relu, 1/2 in jax.numpy.maximum), and rounding alone may choose a side. delta is then compared
with all that lies between 0 and what comes down from above. The sample axis is last. Shape letters:
N samples, n_l units of layer l.
"""

from typing import Any, NamedTuple

from compare.evidence.certificate.activations import Activation, Array
from compare.evidence.certificate.forward import Preacts

_CLEAR = 2.0**11  # times its error: how large what comes down has to be to tell slopes apart
_STEPS = 2.0**10  # slopes are known to one in so many, so that sums of them are exact


class Kinks(NamedTuple):
    """Where units are at a kink, and which slopes were taken at those that tell."""

    at: Array  # [n_l, N] bool
    units: Array  # [N] how many tell which slope was taken
    slopes: Array  # [N] the sum of their slopes, each of them rounded


def find_kinks(
    xp: Any, phi: Activation, preacts: Preacts, above: tuple[Array, Array], delta: Array
) -> Kinks:
    """Finds the units whose input may be at the kink of phi.

    Args:
      xp: numpy or jax.numpy.
      phi: the activation.
      preacts: z of the layer, [n_l, N].
      above: what comes down from the layer above, and its error, [n_l, N] each.
      delta: of this layer, as found, [n_l, N].
    """
    if not phi.has_kink:
        none = xp.zeros(delta.shape[-1])
        return Kinks(xp.zeros_like(delta, bool), none, none)
    z, z_error = preacts
    s, s_error = above
    at = xp.abs(z) <= z_error
    tells = at & (xp.abs(s) > _CLEAR * s_error)
    slope = xp.round(delta / xp.where(tells, s, 1.0) * _STEPS) / _STEPS
    slopes = xp.sum(xp.where(tells, slope, 0.0), axis=0)
    return Kinks(at, xp.sum(xp.where(tells, 1.0, 0.0), axis=0), slopes)


def nearest_right(xp: Any, s: Array, delta: Array) -> Array:
    """Returns what is nearest to delta of all between 0 and s, [n_l, N]."""
    return xp.clip(delta, xp.minimum(s, 0.0), xp.maximum(s, 0.0))
