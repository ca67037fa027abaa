"""Two parts in each other's place, or another place in the place of one."""

import itertools
from collections.abc import Iterator

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.evaluation import Change
from compare.evidence.reasons.graph import Node, Step
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import described, subject
from compare.problem.cuts import is_cotangent

_READ = frozenset(("add", "sub", "mul", "div", "dot_general", "concatenate", "max", "min"))
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def part_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which two parts of an array are in each other's place."""
    for parts in _parts(case):
        for i, j in itertools.combinations(range(min(len(parts[0]), len(_ORDINALS))), 2):
            change: dict[Node | tuple[Step, int], Node] = {}
            for some in parts:
                if some[i].shape == some[j].shape:
                    change |= {some[i]: some[j], some[j]: some[i]}
            if change and case.holds(change):
                words = f"the {_ORDINALS[i]} and the {_ORDINALS[j]} of {len(parts[0])} parts"
                sentence = (
                    f"{subject(case)} has {words} in each other's place, as where gates are swapped"
                )
                yield Reason("swapped", sentence, case.place)


def place_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which another place, or another argument, is read."""
    earlier = [one for one in case.graph.earlier(case.key) if not is_cotangent(one.name)]
    for step in reversed(case.target.steps):
        for i, one in enumerate(step.operands):
            if step.name not in _READ or not one.shape:
                continue
            for other in earlier:
                if _is_alike(one, other) and case.holds({(step, i): other}):
                    here = described(one) or "what it computes"
                    words = f"{described(other)} where the reference has {here}"
                    yield Reason("another", f"{subject(case)} has {words}", case.place)


def order_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which arrays are joined in another order."""
    for step in case.target.steps:
        if step.name != "concatenate":
            continue
        for i, j in itertools.combinations(range(len(step.operands)), 2):
            a, b = step.operands[i], step.operands[j]
            change: Change = {(step, i): b, (step, j): a}
            if a.shape == b.shape and case.holds(change):
                words = f"parts {i + 1} and {j + 1} that it joins in each other's place"
                yield Reason("swapped", f"{subject(case)} has {words}", case.place)


def _parts(case: Case) -> Iterator[list[list[Node]]]:
    """Yields lists of the parts of arrays that are split in one way, wherever they are."""
    nodes = dict.fromkeys(one for step in case.target.steps for one in step.operands)
    found: dict[tuple[object, ...], dict[object, list[Node]]] = {}
    for one in nodes:
        if one.step and one.primitive in ("split", "slice"):
            of = one.step if one.primitive == "split" else one.step.operands[0]
            key = one.primitive, one.shape, one.step.operands[0].shape
            found.setdefault(key, {}).setdefault(of, []).append(one)
    for groups in found.values():
        parts = [sorted(some, key=_position) for some in groups.values()]
        if len({len(some) for some in parts}) == 1 and len(parts[0]) > 1:
            yield parts


def _position(node: Node) -> tuple[int, ...]:
    assert node.step is not None
    return tuple(node.step.eqn.params.get("start_indices", ())) or (node.which,)


def _is_alike(one: Node, other: Node) -> bool:
    is_float = np.issubdtype(one.dtype, np.floating)
    return one is not other and is_float and (one.shape, one.dtype) == (other.shape, other.dtype)
