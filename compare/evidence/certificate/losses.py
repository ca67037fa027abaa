"""The output activation and the loss together, as evidence sees them: functions of the last z.

Their slopes, what computing those may cost, and how they are described. Nothing here is shared with
the implementations that are judged. The sample axis is last: z and y are [k, N]. u is the unit
roundoff of the implementation's dtype, lam what underflow may cost.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.activations import ACTIVATIONS
from compare.evidence.certificate.cross_entropy import (
    BINARY_CROSS_ENTROPY,
    CROSS_ENTROPY,
    textbook_binary_cross_entropy_error,
)
from compare.evidence.certificate.distances import DISTANCES, Distance
from compare.evidence.certificate.loss import Loss, SlopeError, value_error
from compare.evidence.certificate.rounding import Rounding
from compare.evidence.certificate.softmax import analytic_softmax, softmax, softmax_error
from compare.evidence.rounding.arithmetic import gamma

End: TypeAlias = tuple[str, str]  # an output activation and a loss, by their names


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


def _by_entry(name: str, distance: Distance, phi: Activation) -> Loss:
    """A loss on sigmoid(z) or tanh(z): g phi'(z), with g = dL/dyhat.

    Its error is |g| e_phi' + e_g (|phi'| + e_phi') and two roundings. g is of a yhat that is off by
    phi' e_z and what phi costs.
    """

    def slope(xp: Any, z: Array, y: Array) -> Array:
        return distance.slope(xp, phi.value(xp, z), y) * phi.slope(xp, z)

    def slope_error(
        xp: Any, z: Array, y: Array, z_error: Array, y_error: Array, rounding: Rounding
    ) -> Array:
        u, lam, yhat, steep = rounding.u, rounding.lam, phi.value(xp, z), phi.slope(xp, z)
        yhat_error = value_error(xp, phi, z, z_error, rounding)
        steep_error = (
            phi.curvature(xp, z, z_error) * z_error
            + u * phi.slope_cost(xp, z)
            + lam * (1 + xp.abs(z))
            + rounding.logistic_error(xp, z, phi)
            + rounding.square_error(xp, z, steep, phi)
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
        slope_formula=f"the slope of {name} times {_factor(distance)}",
        factor=distance.factor,
        turned=distance.turned,
    )


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
        value=lambda z, y: distance.value(analytic_softmax(z), y),
        slope=slope,
        slope_error=slope_error,
        curvature=lambda y: 3 * distance.largest(y).max(axis=0) + distance.curvature,
        is_mixed=True,
        formula=f"{distance.formula} with yhat = softmax(z)",
        slope_formula=f"the Jacobian of softmax times {_factor(distance)}",
        factor=distance.factor,
        turned=distance.turned,
    )


def _factor(distance: Distance) -> str:
    """Returns the slope of a loss as a factor: a formula in brackets, or words."""
    formula = distance.slope_formula
    return formula if formula.startswith("the ") else f"({formula})"


def _losses(phis: Mapping[str, Activation], binary_error: SlopeError) -> dict[End, Loss]:
    """Returns all of them, (output, loss) -> both together.

    Args:
      phis: sigmoid and tanh, with what computing them may cost.
      binary_error: of the binary cross-entropy.
    """
    return {
        **{("linear", name): _linear(one) for name, one in DISTANCES.items()},
        **{
            (output, name): _by_entry(output, one, phi)
            for output, phi in phis.items()
            for name, one in DISTANCES.items()
            if (output, name) != ("sigmoid", "hinge")
        },
        **{
            ("softmax", name): _on_softmax(one)
            for name, one in DISTANCES.items()
            if name != "hinge"
        },
        ("softmax", "cross_entropy"): CROSS_ENTROPY,
        ("sigmoid", "binary_cross_entropy"): BINARY_CROSS_ENTROPY._replace(
            slope_error=binary_error
        ),
    }


_PHIS: MappingProxyType[str, Activation] = MappingProxyType(
    {name: ACTIVATIONS[name] for name in ("sigmoid", "tanh")}
)
# yhat is in no gradient, so its slope may come from any value
_TEXTBOOK: MappingProxyType[str, Activation] = MappingProxyType(
    {name: phi.by_textbook(is_mixed=True) for name, phi in _PHIS.items()}
)
LOSSES = MappingProxyType(_losses(_PHIS, BINARY_CROSS_ENTROPY.slope_error))
# the same, with outputs by any formula of `certificate.textbook`
TEXTBOOK_LOSSES = MappingProxyType(_losses(_TEXTBOOK, textbook_binary_cross_entropy_error))
