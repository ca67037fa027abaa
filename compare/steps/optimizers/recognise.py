"""Which optimizer it is that a user brings, and which weights it trains."""

from collections.abc import Mapping, Sequence
from typing import Any

from compare.errors import UsageError, shown
from compare.implementations.programs.base import Program
from compare.implementations.programs.model import JaxModel
from compare.implementations.user.torch_module import is_module
from compare.pairing.arrangement import Arrangement
from compare.pairing.pairing import Pairing
from compare.problem.function import Arguments, FunctionProblem
from compare.steps.optimizers.arranged import ArrangedOptimizer, check_arrangements, with_constants
from compare.steps.optimizers.base import Optimizer
from compare.steps.optimizers.optax import OptaxOptimizer
from compare.steps.rules.step import Arrays
from compare.steps.training import Training


def trained_by(reference: Training, model: Any) -> list[str]:
    """Returns the names of the weights that a reference trains.

    Args:
      reference: as a user brings it.
      model: of it, with its loss.
    """
    if isinstance(model, JaxModel):
        return list(model.parameters)
    from compare.steps.optimizers.torch import TorchOptimizer

    given = reference.model, reference.optimizer, reference.schedule
    return list(TorchOptimizer("reference", *given).snapshot.weights)


def optimizer_of(
    name: str,
    training: Training,
    problem: FunctionProblem,
    program: Program | None = None,
    model: Any = None,
) -> Optimizer:
    """Returns the optimizer of a training, by the names of the reference.

    Args:
      name: of the training.
      training: as a user brings it.
      problem: of the reference.
      program: of the model; None of the reference itself.
      model: of it, with its loss.

    Raises:
      UsageError: if it is none of the model's, or trains other weights than the reference.
    """
    given = problem.arguments
    theirs = {given.names[i]: given.leaves[i] for i in given.wrt}
    pairing = None if program is None else program.pairing
    arrangements = None
    if pairing is not None:
        _check_pairing(name, pairing)
        arrangements = _arrangements(pairing, theirs, given)
        check_arrangements(name, arrangements, theirs)
        _check_trained(name, model, pairing, arrangements, theirs)
    if is_module(training.model):
        from compare.steps.optimizers.torch import TorchOptimizer

        made: Optimizer = TorchOptimizer(
            name, training.model, training.optimizer, training.schedule
        ).in_dtype(problem.dtype)
    else:
        if training.schedule is not None:
            raise UsageError(
                f"{name}: schedule: expected none, since those of optax are in the transformation, "
                f"as in optax.sgd(schedule); got {shown(training.schedule)}"
            )
        weights = theirs
        if arrangements is not None:
            weights = {own: one.of(theirs) for own, one in arrangements.items()}
        made = OptaxOptimizer(name, weights, training.optimizer)
    if arrangements is not None:
        made = ArrangedOptimizer(made, arrangements, theirs)
    _check_alike(name, list(made.snapshot.weights), list(theirs))
    return made


def _arrangements(pairing: Pairing, theirs: Arrays, given: Arguments) -> dict[str, Arrangement]:
    """Returns how those of the weights are made that the reference trains, by a model's names.

    What is added to these, and is not trained, is a constant.
    """
    kept = {name: given.leaves[i] for name, i in given.state.items() if name not in theirs}
    made = {name: with_constants(one, kept) for name, one in pairing.arrangements.items()}
    return {
        name: one for name, one in made.items() if all(source in theirs for source in one.sources)
    }


def _check_pairing(name: str, pairing: Pairing) -> None:
    if pairing.findings:
        raise UsageError(
            f"{name}: expected to start with the weights of the reference, got others: "
            f"{pairing.findings[0].sentence}"
        )


def _check_trained(
    name: str, model: Any, pairing: Pairing, made: Mapping[str, Arrangement], theirs: Arrays
) -> None:
    """Checks that the reference trains all weights of a model of JAX, as optax does."""
    own = model.parameters if isinstance(model, JaxModel) else ()
    for one in own:
        if one not in pairing.arrangements:
            raise UsageError(f"{name}: it trains {one}, of which the reference has no weights")
        if one not in made:
            sources = pairing.arrangements[one].sources
            lacking = [source for source in sources if source not in theirs]
            raise UsageError(
                f"{name}: it trains {one}, and the reference keeps {lacking[0]} as it is; make it "
                "no weight, or let the reference train it"
            )


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
