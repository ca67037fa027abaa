"""A model of a framework of JAX as a reference."""

import functools
from typing import Any

import jax

from compare.errors import RAISED, UsageError
from compare.implementations.programs import jax as on_jax
from compare.implementations.programs.base import Loss, Reference
from compare.implementations.programs.model import Model
from compare.implementations.programs.models.adapters import AS_IT_IS, adapters
from compare.implementations.programs.models.recognise import jax_model
from compare.problem.function import Arguments, Call, is_float, outputs_of


def model_reference(given: Any, inputs: Arguments, device: str, loss: Loss | None) -> Reference:
    """Returns a model as a reference.

    Args:
      given: by a user.
      inputs: that it is called with.
      device: where it computes.
      loss: of what it returns; None for that itself.

    Raises:
      UsageError: if it cannot be called with these inputs.
    """
    if isinstance(given, Model) and given.inputs is not None:
        raise UsageError("reference: inputs: expected none, since a reference takes the arguments")
    model = jax_model("reference", given)
    weights = {**model.parameters, **model.buffers}
    by = [name for name, one in model.parameters.items() if is_float(one)]
    arguments = inputs.after(weights, by)
    call = with_loss(batched(model.kind, model.call, arguments), loss)
    program = on_jax.call_program("reference", call, device)
    return Reference(program, arguments, lambda _: call, tuple(weights))


def with_loss(call: Call, loss: Loss | None) -> Call:
    """Returns a call that returns the loss of its outputs."""
    if loss is None:
        return call

    def lost(*args: Any) -> tuple[Any, Any]:
        outputs, statistics = call(*args)
        return loss(outputs), statistics

    return lost


def batched(kind: str, call: Call, arguments: Arguments) -> Call:
    """Returns a call of a batch, if the model takes but one sample.

    Args:
      kind: of the model.
      call: of it.
      arguments: a batch.
    """
    if kind != "Equinox":
        return call
    per_sample = next(one for one in adapters(of_one_sample=True) if one.said)
    for adapter in (AS_IT_IS, per_sample):
        found = adapted(call, adapter.wrap)
        try:
            with jax.enable_x64(True):
                outputs_of(found, arguments)
            return found
        except RAISED:  # as a model of one sample does of a batch
            continue
    return call


def adapted(call: Call, wrap: Any) -> Call:
    """Returns a call whose inputs, after the weights, are wrapped."""
    return lambda state, *inputs: wrap(functools.partial(call, state))(*inputs)
