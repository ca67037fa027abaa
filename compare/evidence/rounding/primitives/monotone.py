"""Functions that increase or decrease: f(a - e) and f(a + e) are their extremes.

Outside of its domain a function is NaN, and so has no bound where its argument may leave it.
"""

import dataclasses
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.computed import computed, ends, farthest
from compare.evidence.rounding.primitives.row import Rule, rows

Function = Callable[[Array], Array]


def monotone(name: str, function: Callable[[Any], Function]) -> Rule:
    """Returns the rule of a function, given what makes it of NumPy or of jax.numpy."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        return _between(analysis, eqn, a, name, function(analysis.xp))

    return rule


def exp(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same of exp, whose argument is kept: XLA adds up those of a product."""
    found = _between(analysis, eqn, a, "exp", analysis.xp.exp)
    return dataclasses.replace(found, exponent=a)


def exp2(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same of exp2, which XLA makes exp(a log 2) of: its cost has the rounding of a log 2."""
    found = _between(analysis, eqn, a, "exp2", analysis.xp.exp2)
    natural = Enclosure(a.value * np.log(2), a.error * np.log(2))
    return dataclasses.replace(found, exponent=natural)


def logistic(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same of 1 / (1 + exp(-z)), and its error where exp(-z) overflows."""
    xp = analysis.xp

    def sigmoid(z: Array) -> Array:
        small = xp.exp(-abs(z))
        return xp.where(z < 0, small, 1.0) / (1 + small)

    found = _between(analysis, eqn, a, "logistic", sigmoid)
    lost = analysis.arithmetic(eqn.outvars[0].aval.dtype).logistic
    return dataclasses.replace(found, error=found.error + lost)


def cosh(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same of cosh |a|, which is convex, and so farthest from it at |a| + e."""
    size = dataclasses.replace(a, value=analysis.xp.abs(a.value))
    return _between(analysis, eqn, size, "cosh", analysis.xp.cosh)


def erfc(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The same of erfc, which is 0 in SciPy and XLA where it is a subnormal float64 number."""
    function = _of_scipy("erfc", "erfc")(analysis.xp)
    found = _between(analysis, eqn, a, "erfc", function)
    lost = (found.value == 0) & ~analysis.xp.isinf(a.value)
    least = float(np.finfo(np.float64).smallest_normal)
    return dataclasses.replace(found, error=found.error + analysis.xp.where(lost, least, 0.0))


def _between(
    analysis: Analysis, eqn: Any, a: Enclosure, name: str, function: Function
) -> Enclosure:
    """|f~ - f(a)| <= max(|f(a + e) - f(a)|, |f(a) - f(a - e)|), and then the cost of f."""
    dtype, xp = eqn.outvars[0].aval.dtype, analysis.xp
    value, (low, high) = function(a.value), ends(analysis, a, dtype)
    if analysis.may_be(a.error > 0):
        moved = farthest(analysis, value, function(low), function(high))
    else:
        moved = analysis.no_error(value.shape)
    found = computed(analysis, name, dtype, value, moved, (low, high), a)
    infinite = xp.isinf(a.value)
    if not analysis.may_be(infinite):
        return found
    exact = infinite & (a.error == 0) & xp.isinf(value)
    return Enclosure(value, xp.where(exact, 0.0, found.error))


def _named(name: str) -> Callable[[Any], Function]:
    return lambda xp: getattr(xp, name)


def _of_scipy(name: str, name_of_lax: str) -> Callable[[Any], Function]:
    """Returns a function that NumPy has not. SciPy, which JAX needs, loads slowly."""

    def function(xp: ModuleType) -> Function:
        if xp is not np:
            return getattr(lax, name_of_lax)
        import scipy.special

        return getattr(scipy.special, name)

    return function


ROWS = rows(
    "monotone",
    {
        "acos": monotone("acos", _named("arccos")),
        "acosh": monotone("acosh", _named("arccosh")),
        "asin": monotone("asin", _named("arcsin")),
        "asinh": monotone("asinh", _named("arcsinh")),
        "atan": monotone("atan", _named("arctan")),
        "atanh": monotone("atanh", _named("arctanh")),
        "cbrt": monotone("cbrt", _named("cbrt")),
        "cosh": cosh,
        "erf": monotone("erf", _of_scipy("erf", "erf")),
        "erf_inv": monotone("erf_inv", _of_scipy("erfinv", "erf_inv")),
        "erfc": erfc,
        "exp": exp,
        "exp2": exp2,
        "expm1": monotone("expm1", _named("expm1")),
        "log": monotone("log", _named("log")),
        "log1p": monotone("log1p", _named("log1p")),
        "logistic": logistic,
        "rsqrt": monotone("rsqrt", lambda xp: lambda a: 1 / xp.sqrt(a)),
        "sinh": monotone("sinh", _named("sinh")),
        "sqrt": monotone("sqrt", _named("sqrt")),
        "tanh": monotone("tanh", _named("tanh")),
    },
    vanishing=("exp", "exp2", "logistic"),
)
