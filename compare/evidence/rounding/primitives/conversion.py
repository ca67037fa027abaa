"""Changes of dtype."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure, is_bool, is_float
from compare.evidence.rounding.primitives.index import bound_to
from compare.evidence.rounding.primitives.integers import unwrapped
from compare.evidence.rounding.primitives.row import rows


def convert_element_type(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Rounds by u |a| to a dtype of fewer digits; one of more digits is exact."""
    before, after = eqn.invars[0].aval.dtype, eqn.outvars[0].aval.dtype
    if is_bool(after):
        if is_bool(before):
            return a
        open_ = ~(abs(a.value.astype(np.float64)) > a.error) & ~(a.error == 0)
        return Enclosure(a.value.astype(bool), open_)
    if not is_float(after):
        return _to_integers(analysis, a, before, after)
    xp, u = analysis.xp, analysis.arithmetic(after).u
    value, error = a.value.astype(np.float64), a.error.astype(np.float64)
    spread = analysis.total(error * (1 + u), u * abs(value))
    if np.asarray(0.0).astype(after) != 0:  # powers of two alone, as of scales in 8 bits
        return Enclosure(value, analysis.unknown(value.shape))
    if not is_float(before):  # integers of so many bits are held
        is_held = abs(value) + error <= 2.0 ** (jnp.finfo(after).nmant + 1)
        return Enclosure(value, xp.where(is_held, error, spread))
    kept = jnp.finfo(before).nmant <= jnp.finfo(after).nmant
    if kept:
        return Enclosure(value, error, a.terms)
    infinite = xp.isinf(value) & (error == 0)
    lost = 0.0 if np.isinf(np.asarray(np.inf).astype(after)) else np.inf  # NaN in some of 8 bits
    value = value.copy()  # a number of its own: it is not sure to equal that of more digits
    return Enclosure(value, xp.where(infinite, lost, spread), a.terms)


def _to_integers(analysis: Analysis, a: Enclosure, before: Any, after: Any) -> Enclosure:
    """Cuts digits off: it is between what becomes of a - e and of a + e.

    Nothing is known of what has no place in the dtype, which every library treats in its own way.
    """
    xp = analysis.xp
    if not is_float(before):
        made = Enclosure(a.value.astype(after), a.error.astype(np.float64))
        return unwrapped(analysis, made, after)
    whole = xp.trunc(a.value)
    above, below = xp.trunc(a.value + a.error), xp.trunc(a.value - a.error)
    info = jnp.iinfo(after)
    least, end = float(info.min), float(info.max) + 1
    fits = (above < end) & (below >= least)
    held = xp.where((whole < end) & (whole >= least), whole, 0.0)
    error = xp.where(fits, xp.maximum(above - whole, whole - below), np.inf)
    return Enclosure(held.astype(after), error)


def reduce_precision(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Rounds to so many fraction bits: by half of the last of them, subnormal numbers too."""
    bits, exponents = eqn.params["mantissa_bits"], eqn.params["exponent_bits"]
    xp, before = analysis.xp, jnp.finfo(eqn.invars[0].aval.dtype)
    size = abs(a.value)
    u = 2.0 ** -(bits + 1) if bits < before.nmant else 0.0
    ulp = u * xp.where(size == 0, 0.0, xp.maximum(size, float(before.smallest_normal)))
    bias = 2.0 ** (exponents - 1) - 1
    least = 2.0 ** (1 - bias)
    small = size - a.error < least
    lost = xp.where(small & (size + a.error > 0), xp.minimum(size + a.error, least), 0.0)
    error = xp.maximum(analysis.total(a.error * (1 + u), ulp), a.error + lost * small)
    most = (2 - 2.0**-bits) * 2.0**bias
    fits, value = size + error <= most, a.value.copy()  # which is not sure to equal a
    return Enclosure(value, xp.where(fits | (xp.isinf(size) & (a.error == 0)), error, np.inf))


def bitcast_convert_type(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Takes the bits for those of another dtype: exact, or unknown.

    The sign of a computed 0 is, and what NaN holds.
    """
    before, after = eqn.invars[0].aval, eqn.outvars[0].aval
    value = a.value.astype(before.dtype) if is_float(before.dtype) else a.value
    found, uncertain = bound_to(eqn, value), a.error != 0
    if is_float(before.dtype):
        least = float(jnp.finfo(before.dtype).smallest_normal)
        lost = analysis.xp.isnan(a.value) | ((a.value == 0) & a.flushed)
        if analysis.xp is not np:  # XLA makes 0 of subnormal numbers
            lost = lost | ((abs(a.value) < least) & (a.value != 0))
        uncertain = uncertain | lost
    if after.shape != before.shape:
        uncertain = uncertain.any(tuple(range(1, a.error.ndim)), keepdims=True)
        uncertain = uncertain.reshape((-1, *(1,) * len(after.shape)))
    error = analysis.xp.where(uncertain, np.inf, analysis.no_error(after.shape))
    return Enclosure(analysis.exact(found).value, error)


ROWS = {
    **rows("elementwise", {"convert_element_type": convert_element_type}),
    **rows("elementwise", {"reduce_precision": reduce_precision}),
    **rows("index", {"bitcast_convert_type": bitcast_convert_type}),
}
