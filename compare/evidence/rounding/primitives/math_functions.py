"""Monotone functions such as exp and tanh, which a library computes to a few ulp."""

import dataclasses
import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.row import rows


class Cost(NamedTuple):
    """The error of a function, in ulp of its result, that no library exceeds; a trial measures it.

    In float64 it is held against NumPy's function, evaluated at a value and at what is e away from
    it, and with an error of up to 1 ulp each time. Every ulp counts twice there, so 3 or more of
    them are enough for both.
    """

    ulps: int
    more: int = 0  # ulps that it takes in some place instead
    place: Callable[..., Array] | None = None  # (low, high, size, dtype) -> bool

    def of(self, xp: Any, low: Array, high: Array, size: Array, dtype: Any) -> Array | int:
        """Returns it for arguments between low and high, and results of a size at most."""
        ulps = max(self.ulps, 3) if dtype == np.float64 else self.ulps
        if self.place is None:
            return ulps
        return xp.where(self.place(low, high, size, dtype), self.more, ulps)


def _nearly_overflows(low: Array, high: Array, size: Array, dtype: Any) -> Array:
    """Where XLA's exp is less exact: from half of the largest number on."""
    del low, high
    return size > float(jnp.finfo(dtype).max) / 2


def _left_of_zero(low: Array, high: Array, size: Array, dtype: Any) -> Array:
    """Where XLA's log1p of float64 is 121 ulp off, from 1 / sqrt(2) - 1 on."""
    del size
    return (high > -0.415) & (low < -0.35) & (dtype == np.float64)


def _far_right(low: Array, high: Array, size: Array, dtype: Any) -> Array:
    """Where XLA's erfc, of -z, is less exact: 33 ulp off in float32, and 298 in float64."""
    del high, size, dtype
    return low < -4.9


COSTS = MappingProxyType(
    {
        "logistic": Cost(4),
        "tanh": Cost(6),
        "exp": Cost(2, 6, _nearly_overflows),
        "expm1": Cost(4, 6, _nearly_overflows),
        "log": Cost(4),
        "log1p": Cost(4, 80, _left_of_zero),
        "sqrt": Cost(1),
        "erf": Cost(8),  # torch's gelu has an erf of its own
        "erfc": Cost(12, 320, _far_right),
    }
)


def monotone(name: str) -> Callable[..., Enclosure]:
    """Returns the rule of a NumPy function: f(a - e) <= f~ <= f(a + e), and then its ulps."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        return _between(analysis, eqn, a, getattr(analysis.xp, name), COSTS[name])

    return rule


def erf(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same for erf, which NumPy has not."""
    of_xp = _one_by_one(math.erf) if analysis.xp is np else lax.erf
    return _between(analysis, eqn, a, of_xp, COSTS["erf"])


def erfc(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same for erfc, which increases with -z."""
    of_xp = _one_by_one(math.erfc) if analysis.xp is np else lax.erfc
    turned = dataclasses.replace(a, value=-a.value)
    return _between(analysis, eqn, turned, lambda z: of_xp(-z), COSTS["erfc"])


def _one_by_one(function: Callable[[float], float]) -> Callable[[Array], Array]:
    return np.vectorize(function, otypes=[np.float64])


def exp(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same for exp, whose argument is kept: XLA adds up those of a product."""
    found = _between(analysis, eqn, a, analysis.xp.exp, COSTS["exp"])
    return dataclasses.replace(found, exponent=a)


def logistic(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same for 1 / (1 + exp(-z)), and its error where exp(-z) overflows."""
    xp = analysis.xp

    def sigmoid(z: Array) -> Array:
        small = xp.exp(-abs(z))
        return xp.where(z < 0, small, 1.0) / (1 + small)

    found = _between(analysis, eqn, a, sigmoid, COSTS["logistic"])
    lost = analysis.arithmetic(eqn.outvars[0].aval.dtype).logistic
    return dataclasses.replace(found, error=found.error + lost)


def _between(
    analysis: Analysis, eqn: Any, a: Enclosure, function: Callable[[Array], Array], cost: Cost
) -> Enclosure:
    dtype, xp = eqn.outvars[0].aval.dtype, analysis.xp
    high, low = a.value + a.error, a.value - a.error
    if dtype == np.float64:  # a sum of float64 numbers may be rounded towards a
        high = xp.where(a.error > 0, xp.nextafter(high, np.inf), high)
        low = xp.where(a.error > 0, xp.nextafter(low, -np.inf), low)
    value, above, below = function(a.value), function(high), function(low)
    moved = xp.maximum(above - value, value - below)
    size = xp.maximum(xp.abs(above), xp.abs(below))
    least = float(jnp.finfo(dtype).smallest_normal)  # where ulps become no smaller
    size = xp.where(size > 0, xp.maximum(size, least), 0.0)
    ulps = cost.of(xp, low, high, size, dtype)
    error = analysis.total(moved, 2 * ulps * analysis.arithmetic(dtype).u * size)
    # an infinite error may hide NaN
    return Enclosure(value, xp.where(xp.isinf(a.error), np.inf, error))


ROWS = rows(
    "monotone",
    {
        "logistic": logistic,
        "tanh": monotone("tanh"),
        "exp": exp,
        "expm1": monotone("expm1"),
        "log": monotone("log"),
        "log1p": monotone("log1p"),
        "erf": erf,
        "erfc": erfc,
        "sqrt": monotone("sqrt"),
    },
    vanishing=("exp", "logistic", "erfc"),
)
