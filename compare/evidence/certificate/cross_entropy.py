"""Cross-entropy on a softmax and binary cross-entropy on a sigmoid, as evidence sees them.

Both are stable only as functions of z, and people also take them in two steps, by the quotient of a
slope and p. The sample axis is last: z and y are [k, N]. u is the unit roundoff of the
implementation's dtype, lam what underflow may cost.
"""

from typing import Any

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array, sigmoid
from compare.evidence.certificate.activations import ACTIVATIONS
from compare.evidence.certificate.loss import Loss, value_error
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.certificate.softmax import softmax, softmax_error
from compare.evidence.rounding.arithmetic import gamma

_TEXTBOOK = 8  # further roundings of a slope, by the textbook's quotient of two slopes
_TINY = 1e-300  # in place of a p of 0
_LEFT = 1e-3  # what is left at least of a finite quotient, as a share of it


def _cross_entropy(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    moved = z - z.real.max(axis=0)
    return np.asarray(-(y * (moved - np.log(np.exp(moved).sum(axis=0)))).sum(axis=0))


def _cross_entropy_error(
    xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
) -> Array:
    """p - y is as right as p and y are; p sum y - y is that if the labels sum to 1.

    By the textbook it is the Jacobian of softmax times -y / p: y_i and p_i sum y with a few
    roundings each, and what is flushed.
    """
    u, p, size = rounding.u, softmax(xp, z), xp.abs(y)
    terms = size + p * xp.sum(size, axis=0)
    unsure = p * (xp.abs(xp.sum(y, axis=0) - 1) + xp.sum(y_error, axis=0))
    rounded = (gamma(len(z), u) + _TEXTBOOK * u) * terms
    flushed = _flushed(xp, p, size, rounding.lam)
    return softmax_error(xp, z, z_error, rounding) + y_error + unsure + rounded + flushed


def _flushed(xp: Any, p: Array, size: Array, lam: float) -> Array:
    """Returns what underflow may take of p_i sum_j p_j y_j / p_j and of p_i y_i / p_i, [k, N].

    Where p_i p_j is flushed, it is p_i y_j and at most lam y_j / p_j; and p may be a little less
    than k lam.
    """
    tiny = xp.maximum(p, _TINY)
    passed = xp.fmin(p * xp.sum(size, axis=0), lam * xp.sum(size / tiny, axis=0))
    return passed + size * xp.fmin((len(p) + 2) * lam / tiny, 1.0)


def _binary_cross_entropy(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((ACTIVATIONS["softplus"].analytic(z) - y * z).sum(axis=0))


def _binary_cross_entropy_error(
    xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
) -> Array:
    """p - y is as right as p and y are.

    It may also be -y (1 - p) + (1 - y) p, with a few roundings of each term, or (p - y) /
    (p (1 - p)) times the same p (1 - p). From log(1 + exp(-|z|)) it is 1 - y - sigmoid(-z) where
    z > 0.
    """
    return _of_logistic(xp, z, y, z_error, y_error, rounding, ACTIVATIONS["sigmoid"])


def _of_logistic(
    xp: Any,
    z: Array,
    y: Array,
    z_error: Array,
    y_error: Array,
    rounding: Rounding,
    phi: Activation,
) -> Array:
    u, p = rounding.u, sigmoid(xp, z)
    terms = xp.abs(y) * (1 - p) + xp.abs(1 - y) * p
    above = xp.where(z > 0, u * (1 + xp.abs(1 - y)), 0.0)
    error = value_error(xp, phi, z, z_error, rounding) + y_error
    return error + above + u * (xp.abs(p - y) + _TEXTBOOK * terms)


def textbook_binary_cross_entropy_error(
    xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
) -> Array:
    """It is -y s / p + (1 - y) s / (1 - p), with p and its slope s by formulas of their own.

    With p off by r, 1 - p is by r + u, and s / p by e_s / p + s r / (p (p - r)), s = p (1 - p).
    Where r is no less than p, a computed p may be 0, and then nothing is finite. Else it is u / 2
    at least, or right to a few roundings: s / p is 2 s / u at most, and no formula makes it 0.

    max(z, 0) - z y + log(1 + exp(-|z|)) has two terms with a kink at 0. By their slopes there it is
    anything from -y to 1 - y, and 1/2 off at most.
    """
    u, phi = rounding.u, ACTIVATIONS["sigmoid"].by_textbook(is_mixed=True)
    p, q, steep = sigmoid(xp, z), sigmoid(xp, -z), phi.slope(xp, z)
    r = u * phi.value_cost(xp, z) + rounding.lam * (2 + xp.abs(z))
    steep_error = u * phi.slope_cost(xp, z) + rounding.square_error(xp, z, steep, phi)
    lost = _of_logistic(xp, z, y, z_error, y_error, rounding, phi)
    for share, part, other, off in ((y, p, q, r), (1 - y, q, p, r + u)):
        left = part - off
        quotient = steep_error / part + other * off / xp.where(left > 0, left, 1.0)
        rough = xp.maximum((1 - _LEFT) * other, 2 * steep / u - other)
        lost = lost + xp.abs(share) * xp.where(left > 0, quotient, rough)
    return lost + xp.where(xp.abs(z) <= z_error, 0.5, 0.0)


CROSS_ENTROPY = Loss(
    value=_cross_entropy,
    slope=lambda xp, z, y: softmax(xp, z) * xp.sum(y, axis=0) - y,
    slope_error=_cross_entropy_error,
    curvature=lambda y: 0.5,  # a row of |diag(p) - p p^T| sums up to 2 p (1 - p)
    is_mixed=True,
    formula="-log of the softmax of its class",
    slope_formula="softmax(z) - y",
    factor=1,
    turned="y - softmax(z) in place of softmax(z) - y",
)
BINARY_CROSS_ENTROPY = Loss(
    value=_binary_cross_entropy,
    slope=lambda xp, z, y: sigmoid(xp, z) - y,
    slope_error=_binary_cross_entropy_error,
    curvature=lambda y: 0.25,
    is_mixed=False,
    formula="the binary cross-entropy of sigmoid(z) and y",
    slope_formula="sigmoid(z) - y",
    factor=1,
    turned="y - sigmoid(z) in place of sigmoid(z) - y",
)
