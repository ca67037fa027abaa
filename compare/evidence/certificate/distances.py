"""Losses of yhat and y, output by output, as evidence sees them.

Nothing here is shared with the implementations that are judged. The sample axis is last: yhat and y
are [k, N]. u is the unit roundoff of the implementation's dtype.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.activation_functions import Array


class Distance(NamedTuple):
    """A loss of yhat, with what is known of the rounding of its slope."""

    value: Callable[[Array, Array], Array]  # (yhat, y) -> [N]; yhat may be complex
    slope: Callable[[Any, Array, Array], Array]  # (xp, yhat, y) -> dL/dyhat [k, N]
    # (xp, yhat, y, error of yhat - y, u) -> error of the slope, [k, N]
    slope_error: Callable[[Any, Array, Array, Array, float], Array]
    curvature: float  # sup |d2L/dyhat2|; a kink has none
    largest: Callable[[Array], Array]  # (y) -> sup |slope| where yhat is within [-1, 1], [k, N]
    formula: str
    slope_formula: str
    factor: int  # the constant in front of the slope
    turned: str  # how a wrong sign comes about


_TURNED = "y - yhat in place of yhat - y"


def _squares(yhat: Array, y: Array) -> Array:
    return ((yhat - y) * (yhat - y)).sum(axis=0)


def _mean_slope_error(xp: Any, yhat: Array, y: Array, error: Array, u: float) -> Array:
    """2 (e + u |yhat - y|) / k, and three roundings: 2 / k, the product and the quotient."""
    size = xp.abs(yhat - y)
    return 2 / len(y) * ((error + u * size) * (1 + u) + 3 * u * size)


def _huber(yhat: Array, y: Array) -> Array:
    r = yhat - y
    size = np.where(r.real < 0, -r, r)
    return np.where(size.real <= 1, r * r / 2, size - 0.5).sum(axis=0)


def _absolute(yhat: Array, y: Array) -> Array:
    r = yhat - y
    return np.where(r.real < 0, -r, r).sum(axis=0)


def _hinge(yhat: Array, y: Array) -> Array:
    margin = 1 - y * yhat
    return np.where(margin.real > 0, margin, 0).sum(axis=0)


def _turned_over(xp: Any, yhat: Array, y: Array, error: Array, u: float) -> Array:
    """The sign of yhat - y may be either, or 0, within its error: the slope is off by up to 2."""
    size = xp.abs(yhat - y)
    return xp.where(size <= error + u * size, 2.0, 0.0)


def _over_the_margin(xp: Any, yhat: Array, y: Array, error: Array, u: float) -> Array:
    """Within the error of 1 - y yhat the slope is anything from 0 to -y."""
    size = xp.abs(y)
    reach = size * error + 2 * u * (1 + xp.abs(y * yhat))
    return xp.where(xp.abs(1 - y * yhat) <= reach, size, 0.0)


DISTANCES: MappingProxyType[str, Distance] = MappingProxyType(
    {
        "squared": Distance(
            value=_squares,
            slope=lambda xp, yhat, y: 2 * (yhat - y),
            # 2 (e + u |yhat - y|), and the product by 2 is exact
            slope_error=lambda xp, yhat, y, error, u: 2 * (error + u * xp.abs(yhat - y)) * (1 + u),
            curvature=2.0,
            largest=lambda y: 2 * (1 + np.abs(y)),
            formula="(yhat - y)^2",
            slope_formula="2 (yhat - y)",
            factor=2,
            turned=_TURNED,
        ),
        "half_squared": Distance(
            value=lambda yhat, y: _squares(yhat, y) / 2,
            slope=lambda xp, yhat, y: yhat - y,
            slope_error=lambda xp, yhat, y, error, u: (error + u * xp.abs(yhat - y)) * (1 + u),
            curvature=1.0,
            largest=lambda y: 1 + np.abs(y),
            formula="(yhat - y)^2 / 2",
            slope_formula="yhat - y",
            factor=1,
            turned=_TURNED,
        ),
        "mean_squared": Distance(
            value=lambda yhat, y: _squares(yhat, y) / len(y),
            slope=lambda xp, yhat, y: 2 / len(y) * (yhat - y),
            slope_error=_mean_slope_error,
            curvature=2.0,  # of one output; with k of them 2 / k
            largest=lambda y: 2 * (1 + np.abs(y)),
            formula="(yhat - y)^2 / k",
            slope_formula="2 (yhat - y) / k",
            factor=2,
            turned=_TURNED,
        ),
        "huber": Distance(
            value=_huber,
            slope=lambda xp, yhat, y: xp.clip(yhat - y, -1, 1),
            slope_error=lambda xp, yhat, y, error, u: (error + u * xp.abs(yhat - y)) * (1 + u),
            curvature=1.0,
            largest=np.ones_like,
            formula="the Huber loss of yhat - y",
            slope_formula="the slope of the Huber loss (yhat - y, at most 1 in size)",
            factor=1,
            turned=_TURNED,
        ),
        "absolute": Distance(
            value=_absolute,
            slope=lambda xp, yhat, y: xp.sign(yhat - y),
            slope_error=_turned_over,
            curvature=0.0,
            largest=np.ones_like,
            formula="|yhat - y|",
            slope_formula="the sign of yhat - y",
            factor=1,
            turned=_TURNED,
        ),
        "hinge": Distance(
            value=_hinge,
            slope=lambda xp, yhat, y: xp.where(y * yhat < 1, -y, 0.0),
            slope_error=_over_the_margin,
            curvature=0.0,
            largest=np.abs,
            formula="max(0, 1 - y yhat)",
            slope_formula="the slope of the hinge (-y if y yhat < 1, else 0)",
            factor=1,
            turned="y in place of -y",
        ),
    }
)
