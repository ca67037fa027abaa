"""Integers, booleans and keys of random numbers: JAX computes them exactly."""

import dataclasses
import functools
import operator
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_key
from compare.evidence.rounding.primitives.row import Row

_HELD = 53  # bits of an integer that float64 holds
_ENTRYWISE = frozenset(
    {"shift_left", "shift_right_arithmetic", "shift_right_logical", "population_count", "clz"}
)


def is_integral(eqn: Any) -> bool:
    """Whether no operand and no result of an equation is a floating-point or complex number."""
    return not any(jnp.issubdtype(atom.aval.dtype, jnp.inexact) for atom in _atoms(eqn))


def _atoms(eqn: Any) -> tuple[Any, ...]:
    return (*eqn.invars, *eqn.outvars)


def exactly(
    analysis: Analysis, eqn: Any, row: Row | None, operands: Sequence[Enclosure]
) -> list[Enclosure]:
    """Evaluates an equation of integers: by its rule, or by JAX where it has none or moves keys.

    Keys, which NumPy does not have, are always left to JAX. What it makes of operands that are
    uncertain is unknown.

    Raises:
      NotImplementedError: for floating-point numbers, if there is no rule.
    """
    if row is None and not is_integral(eqn):
        raise NotImplementedError(
            f"roundoff has no rule for the primitive {eqn.primitive.name!r} inside another one, "
            "such as x.at[i].apply. compare.register_rule(primitive, rule) adds one: see "
            "docs/roundoff_rules.md"
        )
    xp, uncertain = analysis.xp, analysis.no_error((), bool)
    for one in operands:
        uncertain = uncertain | analysis.each(lambda error: xp.any(error != 0), one.error)
    if row is not None and not any(is_key(atom.aval.dtype) for atom in _atoms(eqn)):
        if row.rounds and analysis.may_be(uncertain):
            operands = [_with_a_size(analysis, one) for one in operands]
        made = row.rule(analysis, eqn, *operands)
        results = [made] if isinstance(made, Enclosure) else list(made)
        if not row.rounds:
            return results
        return [
            _computed(analysis, one, var.aval.dtype, uncertain)
            for one, var in zip(results, eqn.outvars, strict=True)
        ]
    found = eqn.primitive.bind(*(_as_array(one.value) for one in operands), **eqn.params)
    outs = [_out(analysis, out) for out in (found if eqn.primitive.multiple_results else [found])]
    if not analysis.may_be(uncertain):
        return outs
    if eqn.primitive.name in _ENTRYWISE:
        uncertain = functools.reduce(
            operator.or_, (_where_uncertain(one, outs[0]) for one in operands)
        )
    return [unknown_where(analysis, out, uncertain) for out in outs]


def _where_uncertain(one: Enclosure, out: Enclosure) -> Array:
    """Returns which entries are uncertain; a lone number stands beside all of a result."""
    uncertain = one.error != 0
    return uncertain if one.value.ndim else uncertain.reshape((-1, *(1,) * out.value.ndim))


def _with_a_size(analysis: Analysis, one: Enclosure) -> Enclosure:
    """Takes the least integer for unknown: rules ask for its size, which its dtype has not."""
    if one.value.dtype == bool or not jnp.issubdtype(one.value.dtype, jnp.signedinteger):
        return one
    least = one.value == jnp.iinfo(one.value.dtype).min
    return dataclasses.replace(one, error=analysis.xp.where(least, np.inf, one.error))


def _computed(analysis: Analysis, one: Enclosure, dtype: Any, uncertain: Array) -> Enclosure:
    """Returns what a rule made of integers, of its dtype: exact, unless an operand is uncertain."""
    where = uncertain.reshape((-1, *(1,) * (one.error.ndim - 1)))
    if one.error.dtype == bool:
        return dataclasses.replace(one, error=one.error & where)
    if one.value.dtype != dtype:
        one = dataclasses.replace(one, value=one.value.astype(dtype))
    if not analysis.may_be(uncertain):
        return dataclasses.replace(one, error=analysis.no_error(one.value.shape))
    error = analysis.xp.where(where, unwrapped(analysis, one, dtype).error, 0.0)
    return dataclasses.replace(one, error=error)


def unwrapped(analysis: Analysis, one: Enclosure, dtype: Any) -> Enclosure:
    """Says that nothing is known of uncertain integers that may be beyond the ends of a dtype.

    Integers begin anew there: 255 + 1 is 0. So what is certain has wrapped as it should.
    """
    info, wide = jnp.iinfo(dtype), one.value.astype(np.float64)
    least, most = float(info.min), float(info.max)
    if info.bits > _HELD:  # float64 has not all of them
        least, most = np.nextafter(least, 0.0) if least else 0.0, np.nextafter(most, 0.0)
    fits = (wide + one.error <= most) & (wide - one.error >= least) | (one.error == 0)
    return dataclasses.replace(one, error=analysis.xp.where(fits, one.error, np.inf))


def unknown_where(analysis: Analysis, one: Enclosure, where: Array) -> Enclosure:
    """Says of a result that nothing is known of it, in readings or entries where that is so."""
    if where.ndim != one.error.ndim:
        where = where.reshape((-1, *(1,) * (one.error.ndim - 1)))
    if one.error.dtype == bool:
        return Enclosure(one.value, one.error | where)
    return Enclosure(one.value, analysis.xp.where(where, np.inf, one.error))


def _as_array(value: Any) -> Any:
    return value if is_key(value.dtype) else jnp.asarray(value)


def _out(analysis: Analysis, out: Any) -> Enclosure:
    if not is_key(out.dtype) and not isinstance(out, jax.core.Tracer):
        out = np.asarray(out)
    return analysis.exact(out)
