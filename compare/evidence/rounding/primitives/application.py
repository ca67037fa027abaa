"""Applies the rule of an equation, and what all rules of its shape have in common."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from compare.evidence.rounding.enclosure import Analysis, Enclosure, is_float
from compare.evidence.rounding.primitives import RULES, Row
from compare.evidence.rounding.primitives.integers import exactly, is_integral


def apply(analysis: Analysis, eqn: Any, operands: Sequence[Enclosure]) -> list[Enclosure]:
    """Returns what an equation makes of its operands."""
    row = RULES.get(eqn.primitive.name)
    if row is not None and row.shape in ("elementwise", "monotone", "selection"):
        operands = [_aligned(one, eqn.outvars[0].aval.ndim) for one in operands]
    if row is None or (is_integral(eqn) and row.shape != "control"):
        return exactly(analysis, eqn, row, operands)
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
    return analysis.compiled_apart(dataclasses.replace(one, flushed=True))
