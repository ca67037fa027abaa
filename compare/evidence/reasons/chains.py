"""Which values are made of others entry by entry, as those of an activation are."""

from collections.abc import Iterator, Sequence

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.words import VIEWS, behind_views
from compare.problem.cuts import is_cotangent

_ELEMENTWISE = frozenset(
    (*VIEWS, "add", "sub", "mul", "div", "neg", "abs", "sign", "max", "min", "exp", "exp2", "expm1",
     "log", "log1p", "tanh", "logistic", "erf", "erfc", "square", "integer_pow", "pow", "sqrt",
     "rsqrt", "select_n", "gt", "ge", "lt", "le", "eq", "ne", "clamp", "and", "or", "not",
     "add_any", "is_finite")
)  # fmt: skip


def arrays(case: Case) -> list[Node]:
    """Returns the arrays of floats that a value is made of, in order, and itself."""
    read = [one for step in case.target.steps for one in step.operands]
    found = [*(one for one in read if one.step is None), *(one for one in read if one.step)]
    return [one for one in dict.fromkeys([*found, case.target]) if _is_array(one)]


def made_of(target: Node, roots: Sequence[Node]) -> set[Node]:
    """Returns what is made of some arrays and of lone numbers alone, entry by entry."""
    inside = set(roots)
    results = [one for step in target.steps for one in step.operands if one.step]
    by_step = {one.step: one for one in (*results, target) if one.step}
    for step in target.steps:
        if step.name in _ELEMENTWISE and by_step.get(step) not in inside:
            others = [one for one in step.operands if one not in inside]
            if len(others) < len(step.operands) and all(map(_is_lone, others)):
                inside.add(by_step[step])
    return inside


def chains(case: Case) -> Iterator[tuple[Node, Node]]:
    """Yields arrays, and the last that is made of each alone, entry by entry."""
    for x in arrays(case):
        case.check_time()
        inside = made_of(case.target, [x])
        for out in inside:
            is_like_x = out is not x and _is_array(out) and out.shape == x.shape
            if is_like_x and _is_last(case.target, out, inside):
                yield x, out


def slopes(case: Case) -> Iterator[tuple[Node, Node, Node]]:
    """Yields a value, a cotangent, and the last that is made of the two, entry by entry."""
    known = arrays(case)
    backward = {one for one in known if _is_backward(one)}
    for g in backward:
        for x in known:
            if x in backward or x.shape != g.shape:
                continue
            case.check_time()
            inside = made_of(case.target, [x, g])
            of_x = made_of(case.target, [x])
            for out in inside & backward:
                is_of_both = out is not g and out.shape == x.shape and out not in of_x
                if is_of_both and _is_last(case.target, out, inside):
                    yield x, g, out


def _is_last(target: Node, out: Node, inside: set[Node]) -> bool:
    """Whether something else reads a value too."""
    if out is target:
        return True
    readers = [step for step in target.steps if out in step.operands]
    made = {one.step for one in inside}
    return any(step not in made for step in readers)


def _is_backward(node: Node) -> bool:
    read = [node, *(one for step in node.steps for one in step.operands)]
    return any(is_cotangent(one.name) for one in read)


def _is_array(node: Node) -> bool:
    return len(node.shape) > 0 and np.issubdtype(node.dtype, np.floating)


def _is_lone(node: Node) -> bool:
    source = behind_views(node)
    return source.is_constant and np.size(source.given) == 1
