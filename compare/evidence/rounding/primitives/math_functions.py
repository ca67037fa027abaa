"""Increasing functions such as exp and tanh, which a library computes to a few ulp."""

import dataclasses
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure

# The error of each function, in ulp, that no library exceeds; a test measures it.
ULPS = MappingProxyType(
    {"logistic": 4, "tanh": 6, "exp": 2, "expm1": 4, "log": 4, "log1p": 4, "sqrt": 1}
)


def monotone(name: str) -> Callable[..., Enclosure]:
    """Returns the rule of a NumPy function: f(a - e) <= f~ <= f(a + e), and then its ulps."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        xp = analysis.xp
        return _between(analysis, eqn, a, getattr(xp, name), ULPS[name])

    return rule


def logistic(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same for 1 / (1 + exp(-z)), and its error where exp(-z) overflows."""
    xp = analysis.xp
    found = _between(analysis, eqn, a, lambda z: 1 / (1 + xp.exp(-z)), ULPS["logistic"])
    return dataclasses.replace(found, error=found.error + analysis.arithmetic(eqn).logistic)


def _between(
    analysis: Analysis, eqn: Any, a: Enclosure, function: Callable[[Array], Array], ulps: int
) -> Enclosure:
    arithmetic, xp = analysis.arithmetic(eqn), analysis.xp
    value, above, below = (
        function(a.value),
        function(a.value + a.error),
        function(a.value - a.error),
    )
    moved = xp.maximum(above - value, value - below)
    size = xp.maximum(xp.abs(above), xp.abs(below))
    error = analysis.total(moved, 2 * ulps * arithmetic.u * size) + arithmetic.lam
    if arithmetic.is_low:
        # float16 overflows so early that inf - inf, which is NaN, is nothing unusual there
        error = xp.where(xp.isinf(a.error), np.inf, error)
    return Enclosure(value, error)
