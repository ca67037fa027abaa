"""Training runs, read from what a user gives, before anything is trained."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError, shown
from compare.implementations.programs.base import Program
from compare.implementations.programs.comparison import FunctionOptions, comparison_of
from compare.pipeline.functions import Examiner
from compare.problem.function import FunctionProblem
from compare.steps.batches import Batches
from compare.steps.models import candidate_model, reference_model
from compare.steps.optimizers.base import Optimizer
from compare.steps.optimizers.recognise import optimizer_of, trained_by
from compare.steps.runs import Run
from compare.steps.training import Training

_EXACT = np.dtype(np.float64)


class Trainings(NamedTuple):
    """Runs that are about to begin.

    Attributes:
      reference: that says what is right.
      runs: that are held against it.
      exact: the reference in float64; None if that is its dtype already.
      examiner: knows its equations.
    """

    reference: Run
    runs: list[Run]
    exact: Run | None
    examiner: Examiner


def read_trainings(
    reference: Any, candidates: Any, batches: Batches, *, dtype: Any, device: Any
) -> Trainings:
    """Reads the arguments of `compare_steps`.

    Raises:
      UsageError: for what cannot be compared, in one sentence.
    """
    named = _named(candidates)
    _check("reference", reference)
    model, outputs = reference_model(reference, batches.given)
    models = {
        name: candidate_model(name, one, batches.given, outputs) for name, one in named.items()
    }
    asked = FunctionOptions(wrt=trained_by(reference, model), dtype=dtype, device=device)
    found = comparison_of(model, models, batches.given, asked)
    problem = found.problem
    _check_loss(problem)
    own = optimizer_of("reference", reference, problem)

    def run(program: Program) -> Run:
        name = program.name
        return Run(
            program, optimizer_of(name, named[name], problem, program, models[name]), problem
        )

    return Trainings(
        Run(found.reference.program, own, problem),
        list(map(run, found.programs)),
        _exact(found.reference.program, own, problem),
        Examiner(found.reference, problem, found.inside),
    )


def _named(candidates: Any) -> dict[str, Training]:
    given = candidates if isinstance(candidates, Mapping) else {"candidate": candidates}
    if not given:
        raise UsageError("candidates: expected at least one, got an empty dict")
    for name, one in given.items():
        if not isinstance(name, str) or not name or name == "reference":
            raise UsageError(f"candidates: expected names, got {shown(name)}")
        _check(name, one)
    return dict(given)


def _check(where: str, one: Any) -> None:
    if not isinstance(one, Training):
        raise UsageError(f"{where}: expected Training(model, loss, optimizer), got {shown(one)}")
    if one.loss is not None and not callable(one.loss):
        raise UsageError(
            f"{where}: loss: expected a function of (output, target), got {shown(one.loss)}"
        )


def _exact(program: Program, optimizer: Optimizer, problem: FunctionProblem) -> Run | None:
    """Returns the run of the reference in float64; None if that is its dtype already."""
    if problem.dtype == _EXACT:
        return None
    return Run(program, optimizer.in_dtype(_EXACT), problem.in_dtype(_EXACT))


def _check_loss(problem: FunctionProblem) -> None:
    if not problem.outputs.is_loss:
        shapes = ", ".join(str(tuple(one.shape)) for one in problem.outputs.shapes.values())
        raise UsageError(
            f"loss: expected one that returns one number, it returns {shapes or 'nothing'}"
        )
