"""A mask that is off by one, or the other way round."""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.terms import results
from compare.evidence.reasons.words import subject

_COMPARED = {"lt": jnp.less, "le": jnp.less_equal, "gt": jnp.greater, "ge": jnp.greater_equal}


def mask_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which a mask of positions is another one."""
    for step, out in results(case, is_any=True):
        is_whole = all(np.issubdtype(one.dtype, np.integer) for one in step.operands)
        if step.name in _COMPARED and is_whole:
            for by in (1, -1):
                compared = functools.partial(_compared, step.name, by)
                operands = map(case.evaluation.of, step.operands)
                if case.takes(out, case.evaluation.made(compared, *operands)):
                    sentence = f"{subject(case)} has a mask that is off by one"
                    yield Reason("mask", sentence, case.place)
        elif out.dtype == bool and step.operands[0].dtype != bool and not _is_constant(out):
            for f, words in ((jnp.ones_like, "everything"), (jnp.zeros_like, "nothing")):
                if case.holds({out: case.evaluation.made(f, case.evaluation.of(out))}):
                    sentence = f"{subject(case)} has a mask that lets {words} pass"
                    yield Reason("mask", sentence, case.place)
        elif step.name == "select_n" and len(step.operands) == 3:
            a, b = step.operands[1:]
            if a.shape == b.shape and case.holds({(step, 1): b, (step, 2): a}):
                yield Reason("mask", f"{subject(case)} has a mask that is inverted", case.place)


def _is_constant(node: Node) -> bool:
    return not any(one.name for step in node.steps for one in step.operands)


def _compared(name: str, by: int, a: jax.Array, b: jax.Array) -> jax.Array:
    return _COMPARED[name](a, b + by)
