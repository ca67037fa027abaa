"""Integers, booleans and keys of random numbers: JAX computes them exactly."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.primitives.row import Row


def is_integral(eqn: Any) -> bool:
    """Whether no operand and no result of an equation is a floating-point or complex number."""
    atoms = (*eqn.invars, *eqn.outvars)
    return not any(jnp.issubdtype(atom.aval.dtype, jnp.inexact) for atom in atoms)


def exactly(
    analysis: Analysis, eqn: Any, row: Row | None, operands: Sequence[Enclosure]
) -> list[Enclosure]:
    """Evaluates an equation of integers: by its rule, or where it has none by JAX.

    What JAX makes of operands that are uncertain is unknown.
    """
    if row is not None:
        made = row.rule(analysis, eqn, *operands)
        results = [made] if isinstance(made, Enclosure) else list(made)
        if not row.rounds:
            return results
        return [
            analysis.as_made(one, var.aval.dtype)
            for one, var in zip(results, eqn.outvars, strict=True)
        ]
    found = eqn.primitive.bind(*(_as_array(one.value) for one in operands), **eqn.params)
    outs = [_out(analysis, out) for out in (found if eqn.primitive.multiple_results else [found])]
    xp, uncertain = analysis.xp, analysis.no_error((), bool)
    for one in operands:
        uncertain = uncertain | analysis.each(lambda error: xp.any(error != 0), one.error)
    if not analysis.may_be(uncertain):
        return outs
    return [_uncertain(analysis, out, uncertain) for out in outs]


def _uncertain(analysis: Analysis, one: Enclosure, where: Any) -> Enclosure:
    """Says of a result that nothing is known of it, in the readings where that is so."""
    xp, ndim = analysis.xp, one.error.ndim - 1
    where = where.reshape((-1, *(1,) * ndim))
    if one.error.dtype == bool:
        return Enclosure(one.value, one.error | where)
    return Enclosure(one.value, xp.where(where, np.inf, one.error))


def _as_array(value: Any) -> Any:
    is_key = jnp.issubdtype(value.dtype, jax.dtypes.extended)
    return value if is_key else jnp.asarray(value)


def _out(analysis: Analysis, out: Any) -> Enclosure:
    is_array = not jnp.issubdtype(out.dtype, jax.dtypes.extended)
    if is_array and not isinstance(out, jax.core.Tracer):
        out = np.asarray(out)
    return analysis.exact(out)
