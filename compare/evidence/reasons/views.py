"""Axes that are split, joined or repeated the other way round."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.terms import results
from compare.evidence.reasons.words import subject


def view_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which reshapes take entries in another order, all of one kind at once."""
    groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Node]] = {}
    for step, out in results(case):
        if step.name == "reshape":
            groups.setdefault((step.operands[0].shape, out.shape), []).append(out)
    for (before, after), nodes in groups.items():
        other = _other_way(before, after)
        if other is None:
            continue
        words, f = other
        for some in (nodes, *([one] for one in nodes if len(nodes) > 1)):
            change: Change = {
                one: case.evaluation.made(f, case.evaluation.of(one.operands[0])) for one in some
            }
            if case.holds(change):
                yield Reason("view", f"{subject(case)} {words}", case.place)
                return


def _other_way(
    before: tuple[int, ...], after: tuple[int, ...]
) -> tuple[str, Callable[[Any], Any]] | None:
    """Returns how one axis is split in two, or two are joined, with the first one running fast."""
    first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    if first is None:
        return None
    if len(after) == len(before) + 1 and before[first + 1 :] == after[first + 2 :]:
        a, b = after[first], after[first + 1]
        words = f"splits an axis of {a * b} into {a} x {b} with those of the {a} side by side"
        words += ", as where heads are interleaved"
        return words, functools.partial(_split, first, after)
    if len(after) == len(before) - 1 and before[first + 2 :] == after[first + 1 :]:
        a, b = before[first], before[first + 1]
        words = f"joins axes of {a} and {b} with those of the {a} side by side"
        words += ", as where heads are interleaved"
        return words, functools.partial(_joined, first, after)
    return None


def _split(axis: int, after: tuple[int, ...], a: Any) -> Any:
    turned = (*after[:axis], after[axis + 1], after[axis], *after[axis + 2 :])
    return jnp.swapaxes(jnp.reshape(a, turned), axis, axis + 1)


def _joined(axis: int, after: tuple[int, ...], a: Any) -> Any:
    return jnp.reshape(jnp.swapaxes(a, axis, axis + 1), after)
