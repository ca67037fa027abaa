"""The forward pass that a gradient contains: z of every layer.

Here and in the rules the sample axis is last, in memory too if it is to be fast. Shape letters:
N samples, n_l units of layer l.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.products import product
from compare.evidence.certificate.recovery import LayerGradient
from compare.evidence.certificate.rounding import Rounding


class Preacts(NamedTuple):
    """z of one layer, and how far z of the implementation may be from it."""

    z: Array  # [n_l, N]
    error: Array  # [n_l, N]


def trace_preacts(xp: Any, case: Case, layers: Sequence[LayerGradient]) -> list[Preacts]:
    """Returns z of every layer.

    It is computed from the h recovered below, which is known to a few roundings however deep the
    network is, or by a forward pass from x where nothing was recovered or the pass is far more
    precise: by a factor of 64, or by any in print or beside a penalty, which hide more of h.

    Args:
      xp: numpy or jax.numpy.
      case: in float64.
      layers: its gradients, with what was recovered from them.
    """
    is_hidden = case.printed is not None or bool(case.network.l2)
    rounding, far = case.rounding, 1.0 if is_hidden else 64.0
    forward = affine(xp, case.x, rounding.input_error(xp, case.x), *case.params[0], rounding)
    found = [forward]
    for (w, b), layer, phi in zip(case.params[1:], layers[1:], case.activations, strict=True):
        h, h_error = activate(xp, forward, phi, rounding)
        forward = affine(xp, h, h_error, w, b, rounding)
        error = layer.h_error if layer.apart is None else layer.h_error + layer.apart.h
        local = affine(xp, layer.h, error, w, b, rounding)
        use_local = layer.known & (local.error <= far * forward.error)
        both = zip(local, forward, strict=True)
        found.append(Preacts(*(xp.where(use_local, *one) for one in both)))
    return found


def activate(
    xp: Any, preacts: Preacts, phi: Activation, rounding: Rounding, *, reach: Array | None = None
) -> tuple[Array, Array]:
    """Returns h = phi(z) and the error of a computed h, [n_l, N] each.

    Args:
      xp: numpy or jax.numpy.
      preacts: z.
      phi: the activation.
      rounding: of the implementation.
      reach: how far z may be off at all, if more than the error that is asked about.
    """
    z, z_error = preacts
    h_error = (
        phi.steepest(xp, z, z_error if reach is None else reach) * z_error
        + rounding.u * phi.value_cost(xp, z)
        + rounding.lam * (2 + xp.abs(z))
        + rounding.logistic_error(xp, z, phi)
    )
    return phi.value(xp, z), h_error


def affine(xp: Any, h: Array, h_error: Array, w: Array, b: Array, rounding: Rounding) -> Preacts:
    """Returns z = h w + b for an h known to h_error, and the error of a z computed from that h.

    The error is dot (|h| |w| + |b|) + (1 + dot) h_error |w| + lam (3 (n + 1) + |w| + |h|).
    """
    size, dot = xp.abs(h), rounding.dot(len(w))
    passed_on = dot * size + (1 + dot) * h_error + rounding.lam
    flushed = rounding.lam * (3 * (len(w) + 1) + xp.sum(size, axis=0))
    error = product(xp, xp.abs(w), passed_on) + (dot * xp.abs(b)[:, None] + flushed)
    return Preacts(product(xp, w, h) + b[:, None], error)
