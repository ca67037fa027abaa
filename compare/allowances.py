"""End-to-end rounding bounds of what an implementation has answered."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.answers import Answer, name_parameters, quantities
from compare.evidence.bounds import Allowance, with_printed
from compare.evidence.pairs import name_all
from compare.evidence.roundoff import READINGS, roundoff
from compare.formulas import formula
from compare.problem import Problem
from jaxmlp.base import Batch


def allowance_of(
    name: str, answer: Answer, problem: Problem, batch: Batch, *, layout: str
) -> Allowance:
    """Bounds the error of every entry that an implementation has answered for a batch."""
    implementation = name.partition("@")[0]  # @baseline is the same
    found = {}
    for reading in READINGS:
        analysed = _analysis(implementation, problem.activation, answer.dtype, reading)
        _, errors = analysed(problem.params, batch)
        named = Answer(errors.grads, errors.prediction, errors.loss)
        found[reading] = name_all(quantities(named, layout))
    allowance = Allowance(**found)
    if answer.printed is None:
        return allowance
    printed = name_parameters(answer.printed, layout)
    return with_printed(allowance, printed, name_parameters(answer.grads, layout))


@functools.lru_cache
def _analysis(
    implementation: str, activation: str, dtype: np.dtype, reading: str
) -> Callable[..., tuple[Any, Any]]:
    """Made once, so that what it has traced is used again."""
    evaluated = formula(implementation, activation)
    return roundoff(evaluated, dtype, reading=reading, rounded_inputs=True)
