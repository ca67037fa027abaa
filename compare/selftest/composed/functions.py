"""Mathematical functions of long doubles, and how far libraries may be off in them."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import ml_dtypes
import mpmath
import numpy as np

from compare.evidence.rounding.primitives.costs import Range, cost_of
from compare.selftest.composed.roundings import Array, Roundings

_DIGITS = 25


def _by_mpmath(function: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """Returns a function that NumPy does not have of long doubles."""

    def one(x: Any) -> Any:
        if not np.isfinite(x):
            return _at_end(function, x)
        with mpmath.workdps(_DIGITS):
            try:
                found = function(_exactly(x))
                return np.longdouble(mpmath.nstr(found, _DIGITS)) if found.imag == 0 else np.nan
            except (ValueError, ZeroDivisionError):
                return np.longdouble(np.nan)
            except OverflowError:  # of arguments as large as 1e200
                return _at_end(function, x)

    return lambda x: np.vectorize(one, otypes=[np.longdouble])(x)


def _exactly(x: Any) -> Any:
    """Returns a long double as a number of mpmath, in two float64 parts."""
    high = float(x)
    return mpmath.mpf(high) + mpmath.mpf(float(x - np.longdouble(high)))


def _at_end(function: Callable[[Any], Any], x: Any) -> Any:
    import scipy.special

    known = {mpmath.erf: scipy.special.erf, mpmath.erfc: scipy.special.erfc}.get(function)
    return np.longdouble(np.nan if known is None else known(float(x)))


def _log_gamma(x: Any) -> Any:
    return mpmath.log(abs(mpmath.gamma(x)))


def _logistic(x: Array) -> Array:
    small = np.exp(-abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


FUNCTIONS: MappingProxyType[str, Callable[..., Array]] = MappingProxyType(
    {
        **{name: getattr(np, name) for name in ("exp", "exp2", "expm1", "log", "log1p", "sqrt")},
        **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
        "cbrt": np.cbrt,
        "asin": np.arcsin,
        "acos": np.arccos,
        "atan": np.arctan,
        "asinh": np.arcsinh,
        "acosh": np.arccosh,
        "atanh": np.arctanh,
        "atan2": np.arctan2,
        "pow": np.power,
        "rsqrt": lambda x: 1 / np.sqrt(x),
        "logistic": _logistic,
        "erf": _by_mpmath(mpmath.erf),
        "erfc": _by_mpmath(mpmath.erfc),
        "erf_inv": _by_mpmath(mpmath.erfinv),
        "lgamma": _by_mpmath(_log_gamma),
        "digamma": _by_mpmath(mpmath.digamma),
    }
)


def evaluated(name: str, roundings: Roundings, dtype: Any, *operands: Array) -> Array:
    """Returns a function as a library may compute it: off by no more than its cost."""
    value = FUNCTIONS[name](*(one.astype(np.longdouble) for one in operands))
    at = operands[0].astype(np.float64)
    known = np.dtype(dtype)
    units = cost_of(name, known).of(Range(np, at, at, abs(value).astype(np.float64), known))
    units = np.where(np.isfinite(units) & np.isfinite(value), units, 0)
    return roundings.made(value, dtype, moved=units * float(ml_dtypes.finfo(known).eps))
