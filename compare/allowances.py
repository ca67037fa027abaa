"""End-to-end rounding bounds of what implementations have answered."""

from collections.abc import Mapping

import numpy as np

from compare.answers import Answer, name_parameters, quantities
from compare.evidence.bounds import Allowance, with_printed
from compare.evidence.pairs import name_all
from compare.evidence.roundoff import READINGS, roundoff
from compare.formulas import Formula, formula
from compare.problem import Problem
from jaxmlp.base import Batch


def allowances_of(
    answers: Mapping[str, Answer], problem: Problem, batch: Batch, *, layout: str
) -> dict[str, Allowance]:
    """Bounds the error of every entry that implementations have answered for a batch.

    It depends on the formula and on the dtype, so those that have both in common are bounded once.
    """
    made: dict[tuple[Formula, np.dtype], Allowance] = {}
    allowances = {}
    for name, answer in answers.items():
        implementation = name.partition("@")[0]  # @baseline is the same
        key = formula(implementation, problem.activation), answer.dtype
        if key not in made:
            made[key] = _allowance(*key, problem, batch, layout)
        allowances[name] = made[key]
        if answer.printed is not None:
            printed, values = (
                name_parameters(grads, layout) for grads in (answer.printed, answer.grads)
            )
            allowances[name] = with_printed(made[key], printed, values)
    return allowances


def _allowance(
    evaluated: Formula, dtype: np.dtype, problem: Problem, batch: Batch, layout: str
) -> Allowance:
    found = {}
    for reading in READINGS:
        analysed = roundoff(evaluated, dtype, reading=reading, rounded_inputs=True)
        _, errors = analysed(problem.params, batch)
        named = Answer(errors.grads, errors.prediction, errors.loss)
        found[reading] = name_all(quantities(named, layout))
    return Allowance(**found)
