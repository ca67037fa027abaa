"""Changes of dtype."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure, is_bool, is_float
from compare.evidence.rounding.primitives.index import bound_to
from compare.evidence.rounding.primitives.row import rows


def convert_element_type(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Rounds by u |a| to a dtype of fewer digits; one of more digits is exact."""
    before, after = eqn.invars[0].aval.dtype, eqn.outvars[0].aval.dtype
    if is_bool(after):
        slack = abs(a.value) <= a.error
        open_ = a.error if is_bool(before) else slack & (a.error > 0)
        return Enclosure(a.value.astype(bool), open_)
    if not is_float(after):
        return _to_integers(analysis, a, before, after)
    xp, u = analysis.xp, analysis.arithmetic(after).u
    value, error = a.value.astype(np.float64), a.error.astype(np.float64)
    spread = analysis.total(error * (1 + u), u * abs(value))
    if not is_float(before):  # integers of so many bits are held
        is_held = abs(value) + error <= 2.0 ** (jnp.finfo(after).nmant + 1)
        return Enclosure(value, xp.where(is_held, error, spread))
    kept = jnp.finfo(before).nmant <= jnp.finfo(after).nmant
    if kept:
        return Enclosure(value, error, a.terms)
    infinite = xp.isinf(value) & (error == 0)
    return Enclosure(value, xp.where(infinite, 0.0, spread), a.terms)


def _to_integers(analysis: Analysis, a: Enclosure, before: Any, after: Any) -> Enclosure:
    """Cuts digits off: it is between what becomes of a - e and of a + e.

    Nothing is known of what has no place in the dtype, which every library treats in its own way.
    """
    xp = analysis.xp
    if not is_float(before):
        wide = a.error.astype(np.float64)
        value = a.value.astype(after)
        fits = (abs(a.value.astype(np.float64)) + wide <= float(jnp.iinfo(after).max)) | (wide == 0)
        return Enclosure(value, xp.where(fits, wide, np.inf))
    whole = xp.trunc(a.value)
    above, below = xp.trunc(a.value + a.error), xp.trunc(a.value - a.error)
    info = jnp.iinfo(after)
    fits = (above <= float(info.max)) & (below >= float(info.min))
    held = xp.where((whole <= float(info.max)) & (whole >= float(info.min)), whole, 0.0)
    error = xp.where(fits, xp.maximum(above - whole, whole - below), np.inf)
    return Enclosure(held.astype(after), error)


def reduce_precision(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Rounds to so many fraction bits: by half of the last of them."""
    bits, exponents = eqn.params["mantissa_bits"], eqn.params["exponent_bits"]
    xp, size, before = analysis.xp, abs(a.value), eqn.invars[0].aval.dtype
    u = 2.0 ** -(bits + 1) if bits < jnp.finfo(before).nmant else 0.0
    bias = 2.0 ** (exponents - 1) - 1
    least = 2.0 ** (1 - bias)
    small = size - a.error < least
    lost = xp.where(small & (size + a.error > 0), xp.minimum(size + a.error, least), 0.0)
    error = xp.maximum(analysis.total(a.error * (1 + u), u * size), a.error + lost * small)
    most = (2 - 2.0**-bits) * 2.0**bias
    fits = size + error <= most
    return Enclosure(a.value, xp.where(fits | (xp.isinf(size) & (a.error == 0)), error, np.inf))


def bitcast_convert_type(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Takes the bits for those of another dtype: exact, or unknown."""
    before, after = eqn.invars[0].aval, eqn.outvars[0].aval
    value = a.value.astype(before.dtype) if is_float(before.dtype) else a.value
    found = bound_to(eqn, value)
    if after.shape == before.shape:
        uncertain = a.error != 0
    else:
        uncertain = (a.error != 0).any(tuple(range(1, a.error.ndim)), keepdims=True)
        uncertain = uncertain.reshape((-1, *(1,) * len(after.shape)))
    error = analysis.xp.where(uncertain, np.inf, analysis.no_error(after.shape))
    return Enclosure(analysis.exact(found).value, error)


ROWS = {
    **rows("elementwise", {"convert_element_type": convert_element_type}),
    **rows("elementwise", {"reduce_precision": reduce_precision}),
    **rows("index", {"bitcast_convert_type": bitcast_convert_type}),
}
