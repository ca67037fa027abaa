"""Applies the rule of an equation, and what all rules of its shape have in common."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax

from compare.evidence.rounding.enclosure import Analysis, Enclosure, is_float
from compare.evidence.rounding.primitives import RULES, Row
from compare.evidence.rounding.primitives.entrywise import in_tiles, is_large, parts_of
from compare.evidence.rounding.primitives.integers import exactly, is_integral


def apply(analysis: Analysis, eqn: Any, operands: Sequence[Enclosure]) -> list[Enclosure]:
    """Returns what an equation makes of its operands."""
    row = RULES.get(eqn.primitive.name)
    if row is not None and row.shape in ("elementwise", "monotone", "selection"):
        operands = [_aligned(one, eqn.outvars[0].aval.ndim) for one in operands]
    if row is None or (row.shape != "control" and is_integral(eqn)):
        return exactly(analysis, eqn, row, operands)
    shape = eqn.outvars[0].aval.shape
    parts = parts_of(eqn, row, operands) if is_large(analysis, shape, operands) else None
    if parts is None:
        return _applied(analysis, eqn, row, operands)
    return [in_tiles(shape, lambda tile: _applied(analysis, eqn, row, parts(tile))[0])]


def _applied(
    analysis: Analysis, eqn: Any, row: Row, operands: Sequence[Enclosure]
) -> list[Enclosure]:
    if row.reads:
        dtypes = (atom.aval.dtype for atom in eqn.invars)
        operands = list(map(analysis.as_read, operands, dtypes))
    made = row.rule(analysis, eqn, *operands)
    results = [made] if isinstance(made, Enclosure) else list(made)
    if not row.reads and not row.rounds:
        return results
    return [
        _finished(analysis, row, one, var.aval.dtype, operands)
        for one, var in zip(results, eqn.outvars, strict=True)
    ]


def _aligned(one: Enclosure, ndim: int) -> Enclosure:
    """Lets a lone number stand beside every entry of an array of so many axes."""
    if one.value.ndim or not ndim:
        return one
    return dataclasses.replace(one, error=one.error.reshape((-1, *(1,) * ndim)))


def _finished(
    analysis: Analysis, row: Row, one: Enclosure, dtype: Any, operands: Sequence[Enclosure]
) -> Enclosure:
    if row.vanishes and is_float(dtype) and analysis.rounds:
        one = analysis.may_vanish(one, dtype, *operands)
    if row.rounds:
        one = analysis.as_made(one, dtype)
    return _compiled_apart(one if one.flushed else dataclasses.replace(one, flushed=True))


def _compiled_apart(one: Enclosure) -> Enclosure:
    """Keeps XLA from fusing the bounds of many equations into one loop.

    jaxlib 0.11.2 takes a minute to compile such a loop for the slope of silu, which LLVM
    vectorizes, and for that of gelu it does not end in ten.
    """
    if not isinstance(one.error, jax.core.Tracer):
        return one
    return dataclasses.replace(one, error=jax.lax.optimization_barrier(one.error))
