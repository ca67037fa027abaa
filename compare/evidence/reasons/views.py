"""Axes that are split, joined or repeated the other way round."""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change, Made
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.terms import results
from compare.evidence.reasons.words import subject

_MOST_JOINED = 4  # axes


def view_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which reshapes take entries in another order, all of one kind at once."""
    groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Node]] = {}
    for step, out in results(case):
        if step.name == "reshape":
            groups.setdefault((step.operands[0].shape, out.shape), []).append(out)
    for (before, after), nodes in groups.items():
        for words, f in _other_ways(before, after):
            for some in (nodes, *([one] for one in nodes if len(nodes) > 1)):
                change: Change = {one: Made(f, (one.operands[0],)) for one in some}
                if case.holds(change):
                    yield Reason("view", f"{subject(case)} {words}", case.place)
                    return


def _other_ways(
    before: tuple[int, ...], after: tuple[int, ...]
) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yields how one axis is split in two, or some are joined, with another one running fast."""
    first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    if first is None:
        return
    more = len(after) - len(before)
    if more == 1 and before[first + 1 :] == after[first + 2 :]:
        a, b = after[first], after[first + 1]
        words = f"splits an axis of {a * b} into {a} x {b} with those of the {a} side by side"
        yield f"{words}, as where heads are interleaved", functools.partial(_split, first, after)
    joined = range(first, first + 1 - more)
    if more < 0 and before[joined.stop :] == after[first + 1 :] and len(joined) <= _MOST_JOINED:
        sizes = " x ".join(str(before[axis]) for axis in joined)
        words = f"joins axes of {sizes} in another order"
        heads = ", as where heads are interleaved" if more == -1 else ""
        for order in itertools.islice(itertools.permutations(joined), 1, None):
            axes = (*range(first), *order, *range(joined.stop, len(before)))
            yield f"{words}{heads}", functools.partial(_joined, axes, after)


def _split(axis: int, after: tuple[int, ...], a: Any) -> Any:
    turned = (*after[:axis], after[axis + 1], after[axis], *after[axis + 2 :])
    return jnp.swapaxes(jnp.reshape(a, turned), axis, axis + 1)


def _joined(axes: tuple[int, ...], after: tuple[int, ...], a: Any) -> Any:
    return jnp.reshape(jnp.transpose(a, axes), after)
