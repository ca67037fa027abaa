"""Samples or entries that are lost, or set to 0 by chance."""

import functools
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Step
from compare.evidence.reasons.numbers import written
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import behind_views, subject

_MOST = 64  # samples that are tried one by one
_FEWEST, _MOST_DROPPED = 0.02, 0.95  # of the entries


def dropout_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which some entries are 0, and the others larger by a factor."""
    found, expected = case.found, case.expected
    kept = found != 0
    share = 1 - float(kept.mean()) if found.size else 0.0
    if not _FEWEST < share < _MOST_DROPPED or not expected[~kept].any():
        return
    square = float(np.vdot(expected[kept], expected[kept]))
    factor = float(np.vdot(found[kept], expected[kept])) / square if square else 1.0
    factor = float(f"{factor:.6g}")
    for one in (1.0, round(factor * 2) / 2, factor, 1 / round(1 / factor, 3) if factor else 1.0):
        made = case.evaluation.made(
            functools.partial(_dropped, kept * one), case.evaluation.of(case.target)
        )
        if case.holds({case.target: made}):
            by = f", and the others are {written(one)} times as large" if one != 1 else ""
            words = f"is 0 at {np.count_nonzero(~kept):,} of {kept.size:,} entries{by}"
            as_by = ", as by dropout" if one > 1 else ""
            yield Reason("dropout", f"{subject(case)} {words}{as_by}", case.place)
            return


def lost_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which a sum lacks one of its terms, such as the last sample."""
    total = behind_views(case.target)
    while total.primitive == "reduce_sum" and total.operands[0].shape[:1] == (1,):
        total = behind_views(total.operands[0])
    if total.step is None:
        return
    for i, axis in _summed(total.step):
        size = total.operands[i].shape[axis]
        for k in (size - 1, *range(size - 1)) if 1 < size <= _MOST else ():
            kept = functools.partial(_lost, axis, k)
            made = case.evaluation.made(kept, case.evaluation.of(total.operands[i]))
            if case.holds({(total.step, i): made}):
                which = {0: "the first", size - 1: "the last"}.get(k, f"number {k}")
                words = f"lacks {which} of the {size} samples or entries that it is summed over"
                yield Reason("lost", f"{subject(case)} {words}", case.place)
                return


def _summed(step: Step) -> Iterator[tuple[int, int]]:
    """Yields an operand, and the axes of it that are summed over."""
    if step.name == "dot_general":
        (axes, _), _ = step.eqn.params["dimension_numbers"]
        yield from ((0, axis) for axis in axes)
    elif step.name == "reduce_sum":
        yield from ((0, axis) for axis in step.eqn.params["axes"])


def _dropped(factors: np.ndarray, a: Any) -> Any:
    return a * jnp.asarray(factors, a.dtype)


def _lost(axis: int, k: int, a: Any) -> Any:
    return a * jnp.expand_dims(jnp.arange(a.shape[axis]) != k, _others(a.ndim, axis))


def _others(ndim: int, axis: int) -> tuple[int, ...]:
    return tuple(i for i in range(ndim) if i != axis)
