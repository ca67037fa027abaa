"""The output activation and the loss together, as evidence sees them: functions of the last z.

Their slopes, what computing those may cost, and how they are described. Nothing here is shared with
the implementations that are judged. The sample axis is last: z and y are [k, N]. u is the unit
roundoff of the implementation's dtype, lam what underflow may cost.
"""

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array, sigmoid
from compare.evidence.certificate.activations import ACTIVATIONS
from compare.evidence.certificate.distances import DISTANCES, Distance
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.rounding.arithmetic import gamma

_EXP_ULPS = 6  # of exp of any argument: near overflow XLA is off by up to 5.3
_TEXTBOOK = 8  # further roundings of a slope, by the textbook's quotient of two slopes

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


def _linear(distance: Distance) -> Loss:
    def slope_error(
        xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
    ) -> Array:
        return distance.slope_error(xp, z, y, z_error + y_error, rounding.u)

    return Loss(
        value=distance.value,
        slope=distance.slope,
        slope_error=slope_error,
        curvature=lambda y: distance.curvature,
        is_mixed=False,
        formula=distance.formula,
        slope_formula=distance.slope_formula,
        factor=distance.factor,
        turned=distance.turned,
    )


def _by_entry(name: str, distance: Distance) -> Loss:
    """A loss on sigmoid(z) or tanh(z): g phi'(z), with g = dL/dyhat.

    Its error is |g| e_phi' + e_g (|phi'| + e_phi') and two roundings. g is of a yhat that is off by
    phi' e_z and what phi costs.
    """
    phi: Activation = ACTIVATIONS[name]

    def slope(xp: Any, z: Array, y: Array) -> Array:
        return distance.slope(xp, phi.value(xp, z), y) * phi.slope(xp, z)

    def slope_error(
        xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
    ) -> Array:
        u, lam, yhat, steep = rounding.u, rounding.lam, phi.value(xp, z), phi.slope(xp, z)
        yhat_error = _value_error(xp, phi, z, z_error, rounding)
        steep_error = (
            phi.curvature(xp, z, z_error) * z_error
            + u * phi.slope_cost(xp, z)
            + lam * (1 + xp.abs(z))
            + rounding.logistic_error(xp, z, phi)
        )
        g = distance.slope(xp, yhat, y)
        g_error = distance.slope_error(xp, yhat, y, yhat_error + y_error, u)
        moved = xp.abs(g) * steep_error + g_error * (xp.abs(steep) + steep_error)
        return moved + 2 * u * (xp.abs(g * steep) + moved) + lam * (1 + xp.abs(g))

    return Loss(
        value=lambda z, y: distance.value(phi.analytic(z), y),
        slope=slope,
        slope_error=slope_error,
        # d/dz of g phi' is g' phi'^2 + g phi''
        curvature=lambda y: (
            distance.curvature * phi.largest_slope**2 + distance.largest(y) * phi.largest_curvature
        ),
        is_mixed=False,
        formula=f"{distance.formula} with yhat = {name}(z)",
        slope_formula=f"{distance.slope_formula}, times the slope of {name}",
        factor=distance.factor,
        turned=distance.turned,
    )


def _value_error(xp: Any, phi: Activation, z: Array, z_error: Array, rounding: Rounding) -> Array:
    """Returns how far a computed phi(z) may be off, [k, N]."""
    steepest = phi.steepest(xp, z, z_error)
    cost = rounding.u * phi.value_cost(xp, z) + rounding.lam * (2 + xp.abs(z))
    return steepest * z_error + cost + rounding.logistic_error(xp, z, phi)


def softmax(xp: Any, z: Array) -> Array:
    """Returns exp(z_i) over the sum of all; it never overflows."""
    e = xp.exp(z - xp.max(z, axis=0))
    return e / xp.sum(e, axis=0)


def softmax_error(xp: Any, z: Array, z_error: Array, rounding: Rounding) -> Array:
    """Returns how far a computed softmax may be off, [k, N].

    With m = max z and S the sum, p = exp(z - m) / S = exp(z - m - log S) = exp(z) / sum exp(z).
    By any of these, exp(z_i) is off by a factor of at most exp(E_i),

        E_i = e_i + u (3 |z_i - m| + 2 log k + 2 _EXP_ULPS + 8),

    for the roundings of z - m, of log S, which is log k at most, and of their difference. The sum
    is off by what its terms are, weighted by p, and gamma_{k+3}.
    """
    u, k = rounding.u, len(z)
    p, below = softmax(xp, z), xp.max(z, axis=0) - z
    each = z_error + u * (3 * below + 2 * math.log(k) + 2 * _EXP_ULPS + 8)
    relative = each + xp.sum(p * each, axis=0) + gamma(k + 3, u)
    return xp.fmin(p * xp.expm1(relative), 1.0) + (k + 2) * rounding.lam


def _on_softmax(distance: Distance) -> Loss:
    """A loss on softmax(z): p_i (g_i - sum_j p_j g_j), or the sum of the Jacobian times g.

    By either, with G_i = |g_i| + sum_j p_j |g_j|, the error is e_p G + p (e_g + sum of p e_g + e_p
    (|g| + e_g)) and gamma_{k+4} p G.
    """

    def slope(xp: Any, z: Array, y: Array) -> Array:
        p = softmax(xp, z)
        g = distance.slope(xp, p, y)
        return p * (g - xp.sum(p * g, axis=0))

    def slope_error(
        xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
    ) -> Array:
        u, k, p = rounding.u, len(z), softmax(xp, z)
        p_error = softmax_error(xp, z, z_error, rounding)
        g = distance.slope(xp, p, y)
        g_error = distance.slope_error(xp, p, y, p_error + y_error, u)
        size = xp.abs(g) + g_error
        reach = size + xp.sum((p + p_error) * size, axis=0)
        inside = g_error + xp.sum(p * g_error + p_error * size, axis=0)
        moved = p_error * reach + p * inside
        return moved + gamma(k + 4, u) * (p + p_error) * reach + rounding.lam * (k + reach)

    # d/dz of p_i (g_i - G), by the rows of |J|, which sum up to 1/2 at most, and all of it to 2
    return Loss(
        value=lambda z, y: distance.value(_analytic_softmax(z), y),
        slope=slope,
        slope_error=slope_error,
        curvature=lambda y: 3 * distance.largest(y).max(axis=0) + distance.curvature,
        is_mixed=True,
        formula=f"{distance.formula} with yhat = softmax(z)",
        slope_formula=f"{distance.slope_formula}, times the Jacobian of softmax",
        factor=distance.factor,
        turned=distance.turned,
    )


def _analytic_softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.real.max(axis=0))
    return np.asarray(e / e.sum(axis=0))


def _cross_entropy(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    moved = z - z.real.max(axis=0)
    return np.asarray(-(y * (moved - np.log(np.exp(moved).sum(axis=0)))).sum(axis=0))


def _cross_entropy_error(
    xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
) -> Array:
    """p - y is as right as p and y are; p sum y - y is that if the labels sum to 1.

    By the textbook it is the Jacobian of softmax times -y / p: y_i and p_i sum y with a few
    roundings each.
    """
    u, p = rounding.u, softmax(xp, z)
    total = xp.sum(y, axis=0)
    terms = xp.abs(y) + p * xp.sum(xp.abs(y), axis=0)
    unsure = p * (xp.abs(total - 1) + xp.sum(y_error, axis=0))
    rounded = (gamma(len(z), u) + _TEXTBOOK * u) * terms
    return softmax_error(xp, z, z_error, rounding) + y_error + unsure + rounded


def _binary_cross_entropy(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((ACTIVATIONS["softplus"].analytic(z) - y * z).sum(axis=0))


def _binary_cross_entropy_error(
    xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
) -> Array:
    """p - y is as right as p and y are.

    By the textbook it is -y (1 - p) + (1 - y) p, with a few roundings of each term, or (p - y) /
    (p (1 - p)) times p (1 - p). From log(1 + exp(-|z|)) it is 1 - y - sigmoid(-z) where z > 0.
    """
    u, phi, p = rounding.u, ACTIVATIONS["sigmoid"], sigmoid(xp, z)
    terms = xp.abs(y) * (1 - p) + xp.abs(1 - y) * p
    above = xp.where(z > 0, u * (1 + xp.abs(1 - y)), 0.0)
    error = _value_error(xp, phi, z, z_error, rounding) + y_error
    return error + above + u * (xp.abs(p - y) + _TEXTBOOK * terms)


# (output, loss) -> both together
LOSSES: MappingProxyType[tuple[str, str], Loss] = MappingProxyType(
    {
        **{("linear", name): _linear(one) for name, one in DISTANCES.items()},
        **{
            (output, name): _by_entry(output, one)
            for output in ("sigmoid", "tanh")
            for name, one in DISTANCES.items()
            if (output, name) != ("sigmoid", "hinge")
        },
        **{
            ("softmax", name): _on_softmax(one)
            for name, one in DISTANCES.items()
            if name != "hinge"
        },
        ("softmax", "cross_entropy"): Loss(
            value=_cross_entropy,
            slope=lambda xp, z, y: softmax(xp, z) * xp.sum(y, axis=0) - y,
            slope_error=_cross_entropy_error,
            curvature=lambda y: 0.5,  # a row of |diag(p) - p p^T| sums up to 2 p (1 - p)
            is_mixed=True,
            formula="-log of the softmax of its class",
            slope_formula="softmax(z) - y",
            factor=1,
            turned="y - softmax(z) in place of softmax(z) - y",
        ),
        ("sigmoid", "binary_cross_entropy"): Loss(
            value=_binary_cross_entropy,
            slope=lambda xp, z, y: sigmoid(xp, z) - y,
            slope_error=_binary_cross_entropy_error,
            curvature=lambda y: 0.25,
            is_mixed=False,
            formula="the binary cross-entropy of sigmoid(z) and y",
            slope_formula="sigmoid(z) - y",
            factor=1,
            turned="y - sigmoid(z) in place of sigmoid(z) - y",
        ),
    }
)
