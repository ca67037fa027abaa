"""Functions that rise everywhere, computed by a library to a few ulp."""

import dataclasses
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.evidence.rounding.bounded import Analysis, Array, Bounded

# What a library's function may cost, in ulp; the certificate has the same in `phi.ULPS`.
ULPS = MappingProxyType(
    {"logistic": 4, "tanh": 6, "exp": 2, "expm1": 4, "log": 4, "log1p": 4, "sqrt": 1}
)


def monotone(name: str) -> Callable[..., Bounded]:
    """Makes a rule of a function of NumPy's: f(a - e) <= f~ <= f(a + e), and then its ulps."""

    def rule(analysis: Analysis, eqn: Any, a: Bounded) -> Bounded:
        xp = analysis.xp
        return _between(analysis, eqn, a, getattr(xp, name), ULPS[name])

    return rule


def logistic(analysis: Analysis, eqn: Any, a: Bounded) -> Bounded:
    """The same of 1 / (1 + exp(-z)), and what it loses where exp(-z) overflows."""
    xp = analysis.xp
    found = _between(analysis, eqn, a, lambda z: 1 / (1 + xp.exp(-z)), ULPS["logistic"])
    return dataclasses.replace(found, error=found.error + analysis.arithmetic(eqn).logistic)


def _between(
    analysis: Analysis, eqn: Any, a: Bounded, function: Callable[[Array], Array], ulps: int
) -> Bounded:
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
        # float16 ends so early that sums of both infinities, NaN, are nothing unusual there
        error = xp.where(xp.isinf(a.error), np.inf, error)
    return Bounded(value, error)
