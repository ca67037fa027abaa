"""Functions that jump: to whole numbers, to remainders, to the next number."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_float
from compare.evidence.rounding.primitives.extremes import distance, limits
from compare.evidence.rounding.primitives.row import Rule, rows

_NEARLY = 2.0**-50  # what rounding in float64 may do to a product and a sum


def step(function: Callable[[Any, Array], Array]) -> Rule:
    """Returns the rule of a function that increases in steps: f(a - e) <= f~ <= f(a + e)."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
        del eqn
        return _between(analysis, lambda array: function(analysis.xp, array), a)

    return rule


def round_(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """The nearest whole number, of two the even one, or the one away from 0."""
    xp = analysis.xp

    def away(array: Array) -> Array:
        whole = xp.trunc(array)
        return whole + xp.sign(array) * (xp.abs(array - whole) >= 0.5)

    method = lax.RoundingMethod.TO_NEAREST_EVEN
    is_even = eqn.params["rounding_method"] == method
    return _between(analysis, xp.round if is_even else away, a)


def _between(analysis: Analysis, function: Callable[[Array], Array], a: Enclosure) -> Enclosure:
    xp, value = analysis.xp, function(a.value)

    def reach(error: Array) -> Array:
        low, high = limits(xp, a.value, error)
        return distance(xp, function(low), value, function(high))

    return Enclosure(value, analysis.each(reach, a.error))


def rem(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """a - k b, where k is a / b without its fraction: exact, as fmod is.

    If k is certain, the errors of a and b move it by e_a + |k| e_b. Otherwise it has the sign of a,
    and is no larger than a and b. It is NaN if b is 0, and the integer a then; in torch it may be
    if k overflows.
    """
    xp, dtype = analysis.xp, eqn.outvars[0].aval.dtype
    value = _remainder(xp, a.value, b.value)
    size_a, size_b = (xp.abs(one.value.astype(np.float64)) for one in (a, b))
    k = xp.floor(size_a / size_b)
    fits = k <= float(jnp.finfo(dtype).max) if is_float(dtype) else True

    def reach(e_a: Array, e_b: Array) -> Array:
        most, least = size_b + e_b, size_b - e_b
        sure = (k * most * (1 + _NEARLY) <= size_a - e_a) | (k == 0)
        sure = sure & ((k + 1) * least * (1 - _NEARLY) > size_a + e_a) & (e_a <= size_a)
        moved = e_a + xp.where(e_b > 0, k * e_b, 0.0)
        anything = xp.abs(value) + xp.minimum(size_a + e_a, most)
        error = xp.where(sure, moved, anything)
        known = xp.isfinite(size_a + e_a) & (least > 0) & xp.isfinite(e_b)
        error = xp.where((e_a == 0) & (e_b == 0), 0.0, xp.where(known, error, np.inf))
        return xp.where((size_b > 0) & xp.isfinite(size_a) & ~fits, np.inf, error)

    return Enclosure(value, analysis.each(reach, a.error, b.error))


def _remainder(xp: Any, a: Array, b: Array) -> Array:
    if is_float(a.dtype):
        return xp.fmod(a, b)
    safe = xp.where(b == 0, 1, b).astype(b.dtype)
    found = np.fmod(a, safe) if xp is np else lax.rem(a, safe)
    return xp.where(b == 0, a, found)


def nextafter(analysis: Analysis, eqn: Any, a: Enclosure, b: Enclosure) -> Enclosure:
    """The next number of the dtype: exact if a and b are, and else within two of them of a.

    It is b where these are equal, as all numbers are that a library reads as 0.
    """
    dtype, xp = eqn.outvars[0].aval.dtype, analysis.xp
    found = xp.nextafter(a.value.astype(dtype), b.value.astype(dtype)).astype(np.float64)
    exact = (a.error == 0) & (b.error == 0)
    info = jnp.finfo(dtype)
    ulp = xp.maximum((xp.abs(a.value) + a.error) * float(info.eps), float(info.smallest_subnormal))
    error = a.error + xp.abs(a.value - found) + 2 * ulp
    if dtype != np.float16:
        least = float(info.smallest_normal)
        error = error + xp.where(xp.abs(a.value) <= a.error + least, least, 0.0)
    return Enclosure(found, xp.where(exact, 0.0, error))


ROWS = rows(
    "selection",
    {
        "floor": step(lambda xp, array: xp.floor(array)),
        "ceil": step(lambda xp, array: xp.ceil(array)),
        "round": round_,
        "rem": rem,
    },
) | rows("elementwise", {"nextafter": nextafter})
