"""Arithmetic and comparisons of long doubles, whose results are rounded at random."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.selftest.composed.roundings import Array, Roundings, is_float, is_power


def _sum(sign: int) -> Callable[..., Array]:
    def rule(roundings: Roundings, eqn: Any, a: Array, b: Array) -> Array:
        value = a + sign * b
        adds = (a != 0) & (b != 0)
        return np.where(adds, roundings.made(value, eqn.outvars[0].aval.dtype), value)

    return rule


def _mul(roundings: Roundings, eqn: Any, a: Array, b: Array) -> Array:
    value, dtype = a * b, eqn.outvars[0].aval.dtype
    made = roundings.made(value, dtype)
    if roundings.manner != "moved":
        return made
    exact = (is_power(a) | is_power(b)) & (abs(value) > float(jnp.finfo(dtype).smallest_normal))
    return np.where(exact, value, made)


def _div(roundings: Roundings, eqn: Any, a: Array, b: Array) -> Array:
    dtype = eqn.outvars[0].aval.dtype
    if roundings.manner == "moved" and not is_power(b).all() and roundings.rng.random() < 0.5:
        return np.where(
            is_power(b), _divided(roundings, dtype, a, b),
            roundings.made(a * roundings.made(1 / b, dtype), dtype),
        )  # fmt: skip
    return _divided(roundings, dtype, a, b)


def _divided(roundings: Roundings, dtype: Any, a: Array, b: Array) -> Array:
    value = a / b
    exact = is_power(b) & (abs(value) > float(jnp.finfo(dtype).smallest_normal))
    exact = exact & (roundings.manner == "moved")
    return np.where(exact, value, roundings.made(value, dtype))


def _integer_pow(roundings: Roundings, eqn: Any, a: Array) -> Array:
    dtype, n = eqn.outvars[0].aval.dtype, eqn.params["y"]
    made = a
    for _ in range(abs(n) - 1):
        made = _mul(roundings, eqn, made, a)
    return _divided(roundings, dtype, np.ones_like(made), made) if n < 0 else made


def _converted(roundings: Roundings, eqn: Any, a: Array) -> Array:
    before, after = eqn.invars[0].aval.dtype, eqn.outvars[0].aval.dtype
    if not is_float(after):
        if after.kind == "b":
            return a.astype(bool)
        return np.trunc(np.nan_to_num(a, posinf=0, neginf=0)).astype(after)
    wide = a.astype(np.longdouble)
    if is_float(before) and jnp.finfo(before).nmant <= jnp.finfo(after).nmant:
        return wide
    if not is_float(before) and (abs(wide) <= 2.0 ** (jnp.finfo(after).nmant + 1)).all():
        return wide
    return roundings.made(wide, after)


def _shortened(roundings: Roundings, eqn: Any, a: Array) -> Array:
    bits = eqn.params["mantissa_bits"]
    if roundings.manner == "exact" or bits >= jnp.finfo(eqn.invars[0].aval.dtype).nmant:
        return a
    fraction, exponent = np.frexp(a)
    return np.ldexp(np.rint(fraction * 2.0 ** (bits + 1)), exponent - bits - 1)


def _compare(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda roundings, eqn, a, b: function(a, b)


def _sorts_before(a: Array, b: Array) -> Array:
    return (a <= b) | np.isnan(b)


def _clamp(roundings: Roundings, eqn: Any, low: Array, a: Array, high: Array) -> Array:
    return np.minimum(np.maximum(a, low), high)


ARITHMETIC: MappingProxyType[str, Callable[..., Array]] = MappingProxyType(
    {
        "add": _sum(1),
        "add_any": _sum(1),
        "sub": _sum(-1),
        "mul": _mul,
        "div": _div,
        "square": lambda roundings, eqn, a: _mul(roundings, eqn, a, a),
        "integer_pow": _integer_pow,
        "convert_element_type": _converted,
        "reduce_precision": _shortened,
        "neg": lambda roundings, eqn, a: -a,
        "abs": lambda roundings, eqn, a: abs(a),
        "sign": lambda roundings, eqn, a: np.sign(a),
        "floor": lambda roundings, eqn, a: np.floor(a),
        "ceil": lambda roundings, eqn, a: np.ceil(a),
        "round": lambda roundings, eqn, a: np.rint(a) if eqn.params["rounding_method"] else None,
        "rem": lambda roundings, eqn, a, b: np.fmod(a, b),
        "is_finite": lambda roundings, eqn, a: np.isfinite(a),
        "max": lambda roundings, eqn, a, b: np.maximum(a, b),
        "min": lambda roundings, eqn, a, b: np.minimum(a, b),
        "clamp": _clamp,
        "gt": _compare(np.greater),
        "ge": _compare(np.greater_equal),
        "lt": _compare(np.less),
        "le": _compare(np.less_equal),
        "eq": _compare(np.equal),
        "ne": _compare(np.not_equal),
        "lt_to": _compare(np.less),
        "le_to": _compare(_sorts_before),
    }
)
