"""Training runs, read from what a user gives, before anything is trained."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError, shown
from compare.implementations.programs.base import Program
from compare.implementations.programs.comparison import FunctionOptions, comparison_of
from compare.implementations.user.torch_module import is_module
from compare.pipeline.functions import Examiner
from compare.problem.function import FunctionProblem
from compare.steps.batches import Batches
from compare.steps.losses import module_with_loss
from compare.steps.optimizers.base import Optimizer
from compare.steps.runs import Run
from compare.steps.training import Training


class Trainings(NamedTuple):
    """Runs that are about to begin.

    Attributes:
      reference: that says what is right.
      runs: that are held against it.
      exact: the reference in float64.
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
    own = _optimizer("reference", reference)
    optimizers = {name: _optimizer(name, one) for name, one in named.items()}
    for name, one in optimizers.items():
        _check_alike(name, list(one.snapshot.weights), list(own.snapshot.weights))
    found = comparison_of(
        _model(reference),
        {name: _model(one) for name, one in named.items()},
        batches.given,
        FunctionOptions(wrt=list(own.snapshot.weights), dtype=dtype, device=device),
    )
    _check_loss(found.problem)
    examiner = Examiner(found.reference, found.problem, found.inside)
    pairs = zip(found.programs, optimizers.values(), strict=True)
    return Trainings(
        Run(found.reference.program, own, found.problem),
        [Run(program, one, found.problem) for program, one in pairs],
        _exact(found.reference.program, own, found.problem),
        examiner,
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


def _model(one: Training) -> Any:
    return module_with_loss(one.model, one.loss)


def _optimizer(where: str, one: Training) -> Optimizer:
    if not is_module(one.model):
        raise UsageError(f"{where}: model: expected a torch module, got {shown(one.model)}")
    from compare.steps.optimizers.torch import TorchOptimizer

    return TorchOptimizer(where, one.model, one.optimizer, one.schedule)


def _exact(program: Program, optimizer: Any, problem: FunctionProblem) -> Run | None:
    """Returns the run of the reference in float64; None if that is its dtype already."""
    if problem.dtype == np.float64:
        return None
    return Run(program, optimizer.in_float64(), problem.in_dtype(np.dtype(np.float64)))


def _check_alike(name: str, trained: Sequence[str], wanted: Sequence[str]) -> None:
    """Checks that a run trains the weights that the reference trains."""
    for one in wanted:
        if one not in trained:
            raise UsageError(
                f"{name}: optimizer: expected one that trains {one}, as the reference does; is it "
                "of model.parameters(), and does that require gradients?"
            )
    for one in trained:
        if one not in wanted:
            raise UsageError(f"{name}: optimizer: it trains {one}, which the reference does not")


def _check_loss(problem: FunctionProblem) -> None:
    if not problem.outputs.is_loss:
        shapes = ", ".join(str(tuple(one.shape)) for one in problem.outputs.shapes.values())
        raise UsageError(
            f"loss: expected one that returns one number, it returns {shapes or 'nothing'}"
        )
