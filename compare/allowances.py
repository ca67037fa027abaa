"""End-to-end rounding bounds of what an implementation has answered."""

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
    evaluated = formula(name.partition("@")[0], problem.activation)  # @baseline is the same
    found = {}
    for reading in READINGS:
        analysed = roundoff(evaluated, answer.dtype, reading=reading, rounded_inputs=True)
        _, errors = analysed(problem.params, batch)
        named = Answer(errors.grads, errors.prediction, errors.loss)
        found[reading] = name_all(quantities(named, layout))
    allowance = Allowance(**found)
    if answer.printed is None:
        return allowance
    printed = name_parameters(answer.printed, layout)
    return with_printed(allowance, printed, name_parameters(answer.grads, layout))
