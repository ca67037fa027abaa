"""A model with its loss: one function of a whole batch, as a comparison of functions takes it."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError, shown
from compare.implementations.programs.model import JaxModel
from compare.implementations.programs.models.adapters import Adapter
from compare.implementations.programs.models.candidate import choices_of, fitting
from compare.implementations.programs.models.recognise import is_model, jax_model
from compare.implementations.programs.models.reference import adapted, batched
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.torch_module import is_module
from compare.problem.function import Arguments, Call, Outputs, is_float, named_outputs, outputs_of
from compare.problem.given_arguments import given_arguments
from compare.problem.structure import opened
from compare.steps.training import Training

Batch = Sequence[Any]


def reference_model(training: Training, batch: Batch) -> tuple[Any, Outputs | None]:
    """Returns the model of a reference with its loss, and what it returns without.

    Args:
      training: of the reference.
      batch: (*inputs, target), as a user gives them.

    Raises:
      UsageError: for what is no model.
    """
    if is_module(training.model):
        return module_with_loss(training), _outputs_of_module(training, batch)
    _check_is_model("reference", training.model)
    model = jax_model("reference", training.model)
    if training.loss is None:
        return model, None
    arguments = _arguments(model, batch[:-1])
    call = batched(model.kind, model.call, arguments)
    told = errors_told("reference: cannot be traced", passes=UsageError)
    with told, contained(), jax.enable_x64(_is_wide(arguments)):
        return _lost(model, call, training.loss), outputs_of(call, arguments)


def candidate_model(name: str, training: Training, batch: Batch, wanted: Outputs | None) -> Any:
    """Returns the model of a candidate with its loss.

    Args:
      name: of the candidate.
      training: of it.
      batch: of the reference; a model may take it with other axes.
      wanted: what the reference returns without its loss; None if that is in the model.

    Raises:
      UsageError: for what is no model, and one that cannot be called.
    """
    if is_module(training.model):
        return module_with_loss(training)
    _check_is_model(name, training.model)
    model = jax_model(name, training.model)
    if training.loss is None:
        return model
    call = model.call
    if wanted is not None:
        arguments = _arguments(model, batch[:-1])

        def outputs(adapter: Adapter) -> Any:
            with jax.enable_x64(_is_wide(arguments)):
                found = outputs_of(adapted(model.call, adapter.wrap), arguments)
            return found.in_structure(found.shapes)

        chosen = fitting(name, choices_of(training.model, model.kind), outputs, wanted)
        call = adapted(model.call, chosen.wrap)
    return _lost(model, call, training.loss)


def module_with_loss(training: Training) -> Any:
    """Returns a copy of a torch module that takes (*inputs, target), and returns the loss.

    It has the names, the hooks and the mode of the module.
    """
    own, loss = copy.deepcopy(training.model), training.loss
    if loss is not None:
        kind = type(own)
        own.__class__ = type(kind.__name__, (kind,), {"forward": _forward(kind, loss)})
    return own


def _forward(kind: Any, loss: Callable[..., Any]) -> Callable[..., Any]:
    def forward(self: Any, *batch: Any) -> Any:
        *inputs, target = batch
        return loss(kind.forward(self, *inputs), target)

    return forward


def _lost(model: JaxModel, call: Call, loss: Callable[..., Any]) -> JaxModel:
    """Returns a model whose call takes a batch and returns the loss."""

    def of_batch(state: Any, *batch: Any) -> tuple[Any, Any]:
        *inputs, target = batch
        outputs, statistics = call(state, *inputs)
        return loss(outputs, target), statistics

    return JaxModel(model.kind, model.parameters, model.buffers, of_batch)


def _arguments(model: JaxModel, inputs: Batch) -> Arguments:
    weights = {**model.parameters, **model.buffers}
    return given_arguments(inputs).after(
        weights, [n for n, one in weights.items() if is_float(one)]
    )


def _is_wide(arguments: Arguments) -> bool:
    return any(one.dtype == np.float64 for one in arguments.arrays)


def _outputs_of_module(training: Training, batch: Batch) -> Outputs | None:
    """Runs a copy of a module, to see what it returns."""
    if training.loss is None:
        return None
    import torch

    from torch_ref.convert import to_array, to_tensor

    own = copy.deepcopy(training.model)
    like = next(own.parameters(), torch.zeros(()))
    inputs = given_arguments(batch[:-1]).in_dtype(to_array(like).dtype)
    tensors = inputs.filled([to_tensor(one, like.device) for one in inputs.arrays])
    told = errors_told("reference: raised", passes=UsageError)
    with told, contained(), torch.no_grad(), torch.random.fork_rng():  # dropout is told later
        made = opened(own(*inputs.structure.unflatten(tensors)))
    shapes = {name: np.asarray(one.detach().cpu().float()) for name, one in named_outputs(made)}
    return Outputs(jax.tree.structure(made), shapes)


def _check_is_model(where: str, model: Any) -> None:
    if not is_model(model):
        raise UsageError(
            f"{where}: model: expected a torch module, or one of JAX with its weights, such as "
            f"Model(function, weights), got {shown(model)}"
        )
