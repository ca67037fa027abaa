"""Another entry along an axis, or the mean of all: the first state for the last, say."""

import functools
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Made
from compare.evidence.reasons.graph import Step
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.terms import results
from compare.evidence.reasons.words import subject


def slice_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which another entry is taken along an axis."""
    for step, out in results(case):
        if step.name != "slice":
            continue
        for axis in _taken(step):
            size, old = step.operands[0].shape[axis], step.eqn.params["start_indices"][axis]
            others = {0: "the first", size - 1: "the last", old - 1: "the one before it"}
            for k, words in {**others, old + 1: "the one behind it"}.items():
                f = functools.partial(_entry, axis, k)
                if 0 <= k < size and k != old and case.holds({out: Made(f, step.operands)}):
                    yield _told(case, words, axis, size, old)
                    return
            mean = Made(functools.partial(_mean, axis), step.operands)
            if case.holds({out: mean}):
                yield _told(case, "the mean", axis, size, old)
                return


def _taken(step: Step) -> Iterator[int]:
    """Yields the axes of which one entry of several is taken, where the others are whole."""
    before, after = step.operands[0].shape, step.eqn.outvars[0].aval.shape
    changed = [axis for axis, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    yield from (axis for axis in changed if len(changed) == 1 and after[axis] == 1)


def _told(case: Case, words: str, axis: int, size: int, old: int) -> Reason:
    known = {0: "the first", size - 1: "the last"}.get(old, f"number {old}")
    what = f"{words} along axis {axis} where the reference has {known} of {size}"
    return Reason("slice", f"{subject(case)} has {what}", case.place)


def _entry(axis: int, k: int, a: Any) -> Any:
    return jnp.take(a, jnp.array([k]), axis)


def _mean(axis: int, a: Any) -> Any:
    return a.mean(axis, keepdims=True)
