"""A user's torch module: its weights and activation as a problem, its forward as a candidate."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.implementations.base import PRECISE, Implementation, Settings
from compare.implementations.user.sandbox import contained, errors_told
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
    return torch is not None and issubclass(type(value), torch.nn.Module)


def recognise(module: Any, settings: Settings = PRECISE) -> ModuleParts:
    """Reads a chain of linear layers with one activation between them.

    Args:
      module: a torch.nn.Module.
      settings: under which it computes, whatever is set around the call.

    Raises:
      UsageError: for any other module, naming the part and the reason.
    """
    import torch

    from compare.implementations.torch import explained, torch_engine
    from compare.implementations.torch_settings import torch_settings
    from torch_ref import convert
    from torch_ref.module import ModuleError, module_gradients, read_module

    @contextlib.contextmanager
    def set_up() -> Iterator[None]:
        told = errors_told("params: the module raised", passes=UsageError)
        with contained(), told, torch_settings(settings):
            try:
                yield
            except ModuleError as error:
                raise UsageError(str(error)) from None

    with set_up():
        chain = read_module(module)
    weight = chain.linears[0][1].weight
    dtype, device = weight.dtype, weight.device

    def hold(array: np.ndarray) -> torch.Tensor:
        return convert.to_tensor(array, device).to(dtype)

    def evaluate(block: Block) -> Answer:
        with set_up(), explained(device):
            found = module_gradients(module, chain, hold(block.padded.x), hold(block.padded.y))
        prediction, loss = map(convert.to_array, (found.prediction, found.loss))
        evaluation = Evaluation(prediction, loss, convert.from_tensors(found.grads))
        return answer_of(evaluation, block.size)

    name = type(module).__name__
    return ModuleParts(
        [(linear.weight, linear.bias) for _, linear in chain.linears],
        chain.activation,
        Implementation(
            "module",
            str(device),
            evaluate,
            formula="torch",
            source=f"a torch {name}",
            engine=torch_engine(device, settings),
        ),
    )
