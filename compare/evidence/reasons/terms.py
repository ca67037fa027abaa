"""A term or a factor that is left out, or that is there twice."""

from collections.abc import Iterator
from types import MappingProxyType

import jax.numpy as jnp
import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Node, Step
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import behind_views, described, subject
from compare.evidence.rounding.enclosure import Enclosure

_SUMS = ("add", "add_any", "sub")
_PRODUCTS = ("mul", "div")
_MADE = MappingProxyType(
    {
        "dot_general": "a product of matrices",
        "reduce_sum": "a sum",
        "reduce_max": "a maximum",
    }
)


def term_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which one equation lacks an operand, or has it twice.

    The last equation that explains it is told, since those before it come to the same.
    """
    for step, out in results(case):
        if step.name in (*_SUMS, *_PRODUCTS):
            found = list(_of_step(case, step, out))
            yield from found
            if found:
                return


def _of_step(case: Case, step: Step, out: Node) -> Iterator[Reason]:
    for i, one in enumerate(step.operands):
        if one.is_number:  # another number may be 0
            continue
        if step.operands[1 - i].shape == out.shape and case.takes(out, _without(case, step, i)):
            yield Reason("left out", _left_out(case, step, i), case.place)
        elif step.name in _SUMS and _is_twice(case, step, i, out):
            sentence = f"{subject(case)} has {_words(one, step)} twice"
            yield Reason("twice", sentence, case.place)


def results(case: Case, *, is_any: bool = False) -> Iterator[tuple[Step, Node]]:
    """Yields the steps before a value, the last first, and what each makes.

    Args:
      case: of that value.
      is_any: whether to yield what is no floating-point number, too.
    """
    seen: set[Node] = set()
    for step in (None, *reversed(case.target.steps)):
        for one in (case.target,) if step is None else step.operands:
            is_float = np.issubdtype(one.dtype, np.floating)
            if one.step and one not in seen and (is_any or is_float):
                seen.add(one)
                yield one.step, one


def _without(case: Case, step: Step, i: int) -> Enclosure:
    kept = case.evaluation.of(step.operands[1 - i])
    if i == 0 and step.name == "sub":
        return case.evaluation.made(jnp.negative, kept)
    if i == 0 and step.name == "div":
        return case.evaluation.made(lambda a: 1 / a, kept)
    return kept


def _is_twice(case: Case, step: Step, i: int, out: Node) -> bool:
    sign = -1 if step.name == "sub" and i == 1 else 1
    made = case.evaluation.made(
        lambda a, b: a + sign * b, case.evaluation.of(out), case.evaluation.of(step.operands[i])
    )
    return case.takes(out, made)


def _left_out(case: Case, step: Step, i: int) -> str:
    kept = step.operands[1 - i]
    what = _words(step.operands[i], step)
    if step.name == "div" and i == 1:
        return f"{subject(case)} is not divided by {what}"
    if step.name == "add" and kept.shape == step.operands[i].shape and described(kept):
        residual = " (a residual)" if case.key[0] == "forward" else ""
        return f"{subject(case)} leaves out {what}{residual} that is added to {described(kept)}"
    way = ", as where a way back is detached" if step.name == "add_any" else ""
    return f"{subject(case)} leaves out {what}{way}"


def _words(node: Node, step: Step) -> str:
    """Names a term: by its name, or by what it is."""
    kind = "term" if step.name in _SUMS else "factor"
    source, name = behind_views(node), described(node)
    if name:
        return name if kind == "term" else f"the factor {name}"
    if source.is_constant:
        return f"a constant {kind}"
    whole = [name for one in _nearest(source) if (name := described(one))]
    if len(whole) == 1:
        return f"the {kind} made of {whole[0]}"
    return _MADE.get(source.primitive, f"the {kind}" if kind == "term" else f"a {kind}")


def _nearest(node: Node) -> list[Node]:
    read = [node, *(one for step in node.steps for one in step.operands)]
    return [one for one in dict.fromkeys(read) if one.step is None and one.name]
