"""A user's torch module: its weights and activation as a problem, its forward as a candidate."""

import sys
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.implementations.base import Implementation
from compare.problem.answers import Answer, answer_of
from compare.problem.blocks import Block
from jaxmlp.base import Evaluation


class ModuleParts(NamedTuple):
    """What a module is made of."""

    layers: list[tuple[Any, Any]]  # (weight [n_out, n_in], bias [n_out]), torch tensors
    activation: str
    implementation: Implementation  # differentiates the module itself


def is_module(value: Any) -> bool:
    """Whether this is a torch.nn.Module; torch is not loaded to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def recognise(module: Any) -> ModuleParts:
    """Reads a chain of linear layers with one activation between them.

    Raises:
      UsageError: for any other module, naming the part and the reason.
    """
    import torch

    from torch_ref import convert
    from torch_ref.module import ModuleError, module_gradients, read_module

    try:
        chain = read_module(module)
    except ModuleError as error:
        raise UsageError(str(error)) from None
    weight = chain.linears[0][1].weight

    def hold(array: np.ndarray) -> torch.Tensor:
        return convert.to_tensor(array, weight.device).to(weight.dtype)

    def evaluate(block: Block) -> Answer:
        try:
            found = module_gradients(module, chain, hold(block.padded.x), hold(block.padded.y))
        except ModuleError as error:
            raise UsageError(str(error)) from None
        prediction, loss = map(convert.to_array, (found.prediction, found.loss))
        evaluation = Evaluation(prediction, loss, convert.from_tensors(found.grads))
        return answer_of(evaluation, block.size)

    name = type(module).__name__
    return ModuleParts(
        [(linear.weight, linear.bias) for _, linear in chain.linears],
        chain.activation,
        Implementation(
            "module",
            str(weight.device),
            evaluate,
            formula="torch",
            source=f"a torch {name}",
        ),
    )
