"""Losses as torch and as textbooks compute them, in JAX, for `roundoff` to trace.

By textbook formulas the output is one that loses digits, and its slope comes from that value. A
cross-entropy is taken in two steps: its slope is y / p times the slope of p, with a p and a slope
that may be by formulas of their own.
"""

from types import MappingProxyType

import jax
import jax.numpy as jnp

from compare.implementations.activation_formulas import TEXTBOOK as ACTIVATIONS
from compare.implementations.activation_formulas import is_right_of
from jaxmlp.base import Array
from jaxmlp.losses import DISTANCES, LOSSES, Distance, Loss


def _torch_binary_cross_entropy(z: Array, y: Array) -> Array:
    """(1 - y) z - log sigmoid(z): a small one is what is left of |z|."""
    log_sigmoid = jnp.minimum(z, 0) - jnp.log1p(jnp.exp(-jnp.abs(z)))
    return ((1 - y) * z - log_sigmoid).sum(axis=0)


def _by_entry(name: str, distance: Distance) -> Loss:
    phi = ACTIVATIONS[name]

    def value(z: Array, y: Array) -> Array:
        return distance.value(phi.fn(z), y)

    def slope(z: Array, y: Array) -> Array:
        yhat = phi.fn(z)
        return distance.slope(yhat, y) * phi.deriv(z, yhat)

    return Loss(value, slope, phi.fn)


def _binary_cross_entropy(z: Array, y: Array) -> Array:
    """The logarithms of what has lost digits."""
    p = ACTIVATIONS["sigmoid"].fn(z)
    return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p)).sum(axis=0)


def _binary_cross_entropy_slope(z: Array, y: Array) -> Array:
    """(1 - y) p - y (1 - p), where p and 1 - p are first divided by what has lost digits.

    max(z, 0) - z y + log(1 + exp(-|z|)) has two terms with a kink at 0, whose slopes there are a
    convention each. By p - y it is off by what p has lost.
    """
    p, q, lost = jax.nn.sigmoid(z), jax.nn.sigmoid(-z), ACTIVATIONS["sigmoid"].fn(z)
    at_0 = jnp.where(is_right_of(z, 0), 0.5, 0.0) - jnp.where(is_right_of(z, 0), 0.5, 0.0)
    by_quotients = (1 - y) * p * ((1 - lost) / q) - y * q * (lost / p)
    return by_quotients + (lost - p) + at_0.astype(z.dtype)


def _cross_entropy_slope(z: Array, y: Array) -> Array:
    """The Jacobian of p = exp(z - log sum exp(z)) times -y / p."""
    largest = jax.lax.stop_gradient(z.max(axis=0))
    log_sum = largest + jnp.log(jnp.exp(z - largest).sum(axis=0))
    p = jnp.exp(z - log_sum)
    g = -(y / p)
    return p * (g - (p * g).sum(axis=0))


def _unshifted_softmax(z: Array) -> Array:
    """All terms may overflow, or be flushed to 0 or to few digits."""
    e = jnp.exp(z)
    return e / e.sum(axis=0)


def _unshifted_cross_entropy_slope(z: Array, y: Array) -> Array:
    return _unshifted_softmax(z) * y.sum(axis=0) - y


_SOFTMAX, _BINARY = ("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")
# (output, loss) -> both together; what torch does not compute otherwise is as jaxmlp has it
TORCH: MappingProxyType[tuple[str, str], Loss] = MappingProxyType(
    {**LOSSES, _BINARY: LOSSES[_BINARY]._replace(value=_torch_binary_cross_entropy)}
)
# likewise, of textbooks
TEXTBOOK: MappingProxyType[tuple[str, str], Loss] = MappingProxyType(
    {
        **LOSSES,
        **{
            (output, name): _by_entry(output, distance)
            for output in ("sigmoid", "tanh")
            for name, distance in DISTANCES.items()
            if (output, name) in LOSSES
        },
        _SOFTMAX: LOSSES[_SOFTMAX]._replace(slope=_cross_entropy_slope),
        _BINARY: Loss(
            _binary_cross_entropy, _binary_cross_entropy_slope, ACTIVATIONS["sigmoid"].fn
        ),
    }
)
# the same but for a softmax whose largest exponent is not taken out
UNSHIFTED: MappingProxyType[tuple[str, str], Loss] = MappingProxyType(
    {
        **TEXTBOOK,
        _SOFTMAX: TEXTBOOK[_SOFTMAX]._replace(
            slope=_unshifted_cross_entropy_slope, predict=_unshifted_softmax
        ),
    }
)
