"""End-to-end rounding bounds of the answers of implementations."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from compare.evidence.certificate.rungs import rungs
from compare.evidence.differences.bounds import (
    Allowance,
    largest_of,
    where_not_finite,
    with_printed,
)
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.evidence.rounding.readings import READINGS
from compare.evidence.rounding.roundoff_transform import roundoff
from compare.implementations.base import Computation
from compare.implementations.formulas import FORMULAS, OVERFLOWS, Formula, formula
from compare.problem.answers import Answer, name_parameters, quantities
from compare.problem.problem import Problem
from compare.problem.quantities import name_all
from jaxmlp.base import Batch, Layer


def allowances_of(
    answers: Mapping[str, Answer],
    problem: Problem,
    batch: Batch,
    *,
    layout: str,
    computations: Mapping[str, Computation],
) -> dict[str, Allowance]:
    """Bounds the error of every entry that implementations have answered for a batch.

    A bound depends on the formula and on the arithmetic alone, so implementations that share both
    are bounded once. Where nobody knows the formula, the bound is the largest of all; and where an
    entry is not finite, it is infinite if a formula may overflow that people write.

    Args:
      answers: by implementation.
      problem: gives the weights.
      batch: the samples.
      layout: of weight matrices.
      computations: how each of them computes.

    Returns:
      Allowances by implementation: how far each entry may be from the exact one.
    """
    made: dict[tuple[Formula, Arithmetic], Allowance] = {}

    def one(name: str, arithmetic: Arithmetic) -> Allowance:
        key = formula(name, problem.network), arithmetic
        if key not in made:
            made[key] = _allowance(*key, problem, batch, layout)
        return made[key]

    allowances = {}
    for name, answer in answers.items():
        by, arithmetic = computations[name].formula, coarsest(computations[name], answer, problem)
        names = FORMULAS if by is None else (by,)
        allowance = largest_of([one(each, arithmetic) for each in names])
        if by is None and not answer.is_finite:
            values = name_all(quantities(answer, layout))
            allowance = where_not_finite(values, one(OVERFLOWS, arithmetic), allowance)
        if answer.printed is not None:
            printed, values = (
                name_parameters(grads, layout) for grads in (answer.printed, answer.grads)
            )
            allowance = with_printed(allowance, printed, values)
        allowances[name] = allowance
    return allowances


def coarsest(computation: Computation, answer: Answer, problem: Problem) -> Arithmetic:
    """Returns the coarsest arithmetic in which an answer may have been computed."""
    computed, asked = computation.arithmetic_in(answer.dtype), plain_arithmetic(problem.dtype)
    return rungs(problem.network, computed, asked, is_known=computation.is_known)[-1].arithmetic


def weighted_allowance(
    computation: Computation,
    arithmetic: Arithmetic,
    problem: Problem,
    batch: Batch,
    *,
    weight: float,
    is_finite: bool = True,
) -> Allowance:
    """Bounds the error of every entry of samples whose losses have a weight, as in a mean.

    Args:
      computation: by which formula; where nobody knows it the bound is the largest of all.
      arithmetic: in which it computes.
      problem: gives the weights of the network.
      batch: the samples.
      weight: by which the loss of each is multiplied.
      is_finite: whether all that they add up to is; else any formula may have overflowed.
    """
    every = tuple(FORMULAS) if is_finite else (*FORMULAS, OVERFLOWS)
    names = every if computation.formula is None else (computation.formula,)
    formulas = (formula(name, problem.network, weight) for name in names)
    return largest_of([_allowance(one, arithmetic, problem, batch, "in_out") for one in formulas])


def float64_gradients(problem: Problem, batch: Batch) -> dict[str, np.ndarray]:
    """Returns gradients of samples worked out in float64, [N, ...] by parameter, in_out."""
    evaluated = formula("autodiff", problem.network)
    values, _ = roundoff(evaluated, problem.dtype, is_pure=True)(problem.params, batch)
    return name_parameters(values.grads, "in_out")


def _allowance(
    evaluated: Formula, arithmetic: Arithmetic, problem: Problem, batch: Batch, layout: str
) -> Allowance:
    analysed = roundoff(
        evaluated,
        arithmetic.dtype,
        reading="both",
        rounded_inputs=True,
        arithmetic=arithmetic,
        is_pure=True,
    )
    values, bounds = analysed(problem.params, batch)
    found = {}
    for reading, errors in zip(READINGS, bounds, strict=True):
        grads = _with_outer_products(values.grads, errors.grads, arithmetic)
        named = Answer(grads, errors.prediction, errors.loss)
        found[reading] = name_all(quantities(named, layout))
    return Allowance(**found)


def _with_outer_products(values: Any, errors: Any, arithmetic: Arithmetic) -> Any:
    """Allows for outer products that are made as matrix products, of reduced factors.

    A library may compute an outer product with its matrix product, where the formula has products
    of single entries.
    """
    if not arithmetic.operand_u:
        return errors
    lost = arithmetic.dot(1)
    return tuple(
        Layer(error.w + lost * (np.abs(value.w) + error.w), error.b)
        for value, error in zip(values, errors, strict=True)
    )
