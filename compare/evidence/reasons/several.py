"""What is left out at several equations at once, and weights that belong together."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change, Made
from compare.evidence.reasons.graph import Node, Step
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.terms import results
from compare.evidence.reasons.words import behind_views, described, subject
from compare.numbers import listed

_SUMS = ("add", "add_any", "sub")
_MOST_PARTS = 5
_MOST = 12  # terms of which pairs are tried


def group_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which all equations of one kind lack an operand."""
    groups: dict[tuple[object, ...], list[tuple[Step, Node]]] = {}
    for step, out in results(case):
        if step.name in ("mul", "div"):
            shapes = tuple(one.shape for one in step.operands)
            groups.setdefault((step.name, shapes), []).append((step, out))
    for (name, _), steps in groups.items():
        for i in (0, 1) if name == "mul" else (1,):
            change: Change = {
                out: step.operands[1 - i]
                for step, out in steps
                if step.operands[1 - i].shape == out.shape
            }
            if len(change) > 1 and case.holds(change):
                what = "divisions" if name == "div" else "factors"
                words = f"leaves out {len(change)} {what} of one kind"
                yield Reason("left out", f"{subject(case)} {words}", case.place)
                return


def pair_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which two terms of a backward pass are left out: a path that is cut."""
    found: list[tuple[Node, Node, Node]] = []
    for step, out in results(case):
        if step.name in _SUMS:
            for i in (1,) if step.name == "sub" else (0, 1):
                kept, lost = step.operands[1 - i], step.operands[i]
                if kept.shape == out.shape and not lost.is_constant:
                    found.append((out, kept, lost))
    for one, other in itertools.combinations(found[:_MOST], 2):
        kept = other[1] if one[1] is other[0] else one[1]  # what comes first is yielded last
        if one[0] is not other[0] and case.holds({one[0]: kept, other[0]: other[1]}):
            words = "leaves out two terms, as where something is detached"
            if _are_statistics(one[2]) or _are_statistics(other[2]):
                words = "leaves out two terms, as where statistics are detached"
            yield Reason("left out", f"{subject(case)} {words}", case.place)
            return


def _are_statistics(node: Node) -> bool:
    return any(step.name == "reduce_sum" for step in node.steps[-4:])


def detached_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which one of the parts that are joined is 0."""
    for step, _ in results(case):
        if step.name != "concatenate":
            continue
        for some in _subsets(len(step.operands)):
            change: Change = {(step, i): Made(jnp.zeros_like, (step.operands[i],)) for i in some}
            if case.holds(change):
                parts = f"part{'s' * (len(some) > 1)} {listed([str(i + 1) for i in some])}"
                words = f"is 0 in {parts} of {len(step.operands)}, as where that is detached"
                yield Reason("detached", f"{subject(case)} {words}", case.place)
                return


def _subsets(n: int) -> Iterator[tuple[int, ...]]:
    """Yields some of n parts, not all."""
    for size in range(1, min(n, _MOST_PARTS)):
        yield from itertools.combinations(range(n), size)


def count_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which something is divided by how many entries there are."""
    sizes = [size for size in case.sizes if size > 1]
    for below, steps in _divisors(case):
        for n in sizes:
            counted = functools.partial(jnp.full_like, fill_value=float(n))
            made = case.evaluation.made(counted, case.evaluation.of(below))
            change: Change = {(step, 1): made for step in steps}
            if case.holds(change):
                what = described(below) or "what it adds up"
                words = f"divides by {n} where the reference divides by {what}"
                yield Reason("count", f"{subject(case)} {words}", case.place)
                return


def _divisors(case: Case) -> Iterator[tuple[Node, list[Step]]]:
    """Yields what is divided by, and all steps that divide by the same numbers."""
    found: dict[tuple[object, ...], tuple[Node, list[Step]]] = {}
    for step, _ in results(case):
        below = step.operands[1] if step.name == "div" else None
        if below is not None and not behind_views(below).is_constant:
            key = below.shape, case.evaluation.array(below).tobytes()
            found.setdefault(key, (below, []))[1].append(step)
    yield from found.values()


def complement_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which a gate g and 1 - g are in each other's place."""
    for step, out in results(case):
        if step.name == "logistic":
            left = case.evaluation.made(_left, case.evaluation.of(out))
            if case.takes(out, left):
                words = "has a gate g and 1 - g in each other's place"
                yield Reason("swapped", f"{subject(case)} {words}", case.place)
                return


def _left(gate: Any) -> Any:
    return 1 - gate
