"""A user's torch module: what it computes as a problem, its forward as a candidate."""

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from compare.activation_names import activations_of_layers, joined_names
from compare.catalogue import output_of
from compare.errors import UsageError
from compare.implementations.base import PRECISE, Implementation, Settings
from compare.implementations.user.sandbox import contained, errors_told
from compare.problem.answers import Answer, of_one_batch, take
from compare.problem.array_likes import as_numpy
from compare.problem.blocks import Block
from compare.problem.problem import Problem
from jaxmlp.base import Batch

if TYPE_CHECKING:
    import torch

    from torch_ref.chain import Chain


class ModuleParts(NamedTuple):
    """What a module is made of."""

    layers: list[tuple[Any, Any]]  # (weight [n_out, n_in], bias [n_out]), torch tensors
    biases: tuple[bool, ...]  # whether each layer has one; else its bias is 0
    network_options: dict[str, Any]  # activation, output, loss and bias
    implementation: Implementation  # differentiates the module itself


class Asked(NamedTuple):
    """The options of the network that go with a module; None for whatever it has."""

    activation: str | None = None
    output: str | None = None
    loss: str | None = None
    bias: str | None = None
    l2: float = 0.0


def is_module(value: Any) -> bool:
    """Whether this is a torch.nn.Module; torch is not loaded to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(type(value), torch.nn.Module)


def recognise(module: Any, settings: Settings = PRECISE, asked: Asked | None = None) -> ModuleParts:
    """Reads a chain of affine layers and activations, with its output and the loss if it has one.

    Args:
      module: a torch.nn.Module.
      settings: under which it computes, whatever is set around the call.
      asked: output, loss and penalty of the network.

    Raises:
      UsageError: for any other module, naming the part and the reason, and for one that
        contradicts what is asked.
    """
    from torch_ref.module import parameters_of, read_module

    with user_module_told(settings):
        chain = read_module(module)
    layers = parameters_of(module, chain)
    asked = asked or Asked()
    options = network_options(chain, asked)
    ends = {"output": options["output"], "loss": options["loss"], "l2": asked.l2}
    return ModuleParts(
        [(w, w.new_zeros(len(w)) if b is None else b) for w, b in layers],
        tuple(b is not None for _, b in layers),
        options,
        _implementation(module, chain, settings, ends),
    )


@contextlib.contextmanager
def user_module_told(settings: Settings = PRECISE, *, name: str = "params") -> Iterator[None]:
    """Runs code of a module under settings of our own.

    Args:
      settings: under which it computes.
      name: of the argument that brings it.

    Raises:
      UsageError: with what it raises, or why it cannot be read.
    """
    from compare.implementations.torch_settings import torch_settings
    from torch_ref.module import ModuleError

    told = errors_told(f"{name}: the module raised", passes=UsageError)
    with contained(), told, torch_settings(settings):
        try:
            yield
        except ModuleError as error:
            raise UsageError(str(error)) from None


def _implementation(
    module: Any, chain: "Chain", settings: Settings, ends: Mapping[str, Any]
) -> Implementation:
    """Makes an implementation of a module; `ends` are its output, its loss and the penalty."""
    from compare.implementations.torch import explained, torch_engine
    from torch_ref import convert
    from torch_ref.module import parameters_of
    from torch_ref.module_batches import module_batch_gradient
    from torch_ref.module_gradients import module_gradients

    weight, _ = parameters_of(module, chain)[0]
    dtype, device = weight.dtype, weight.device

    def hold(array: np.ndarray) -> "torch.Tensor":
        return convert.to_tensor(array, device).to(dtype)

    def evaluate(block: Block) -> Answer:
        x, y, n = hold(block.padded.x), hold(block.padded.y), block.size
        with user_module_told(settings), explained(device):
            found = module_gradients(module, chain, x, y, n=n, **ends)
        given = None if found.prediction is None else convert.to_array(found.prediction)
        whole = Answer(convert.from_tensors(found.grads), given, convert.to_array(found.loss))
        return take(whole, slice(0, n))

    def reduced(start: int, batch: Batch, reduction: str) -> Answer:
        del start
        x, y = map(hold, batch)
        with user_module_told(settings), explained(device):
            found = module_batch_gradient(module, chain, x, y, reduction=reduction, **ends)
        return of_one_batch(convert.from_tensors(found))

    return Implementation(
        "module",
        str(device),
        evaluate,
        source=_source(module, chain),
        engine=torch_engine(device, settings),
        reduced=reduced,
    )


def check_unrounded(layers: Sequence[tuple[Any, Any]], problem: Problem) -> None:
    """Checks that a module computes with the weights of the problem, and not with finer ones.

    Raises:
      UsageError: if it does not.
    """
    for i, (layer, held) in enumerate(zip(layers, problem.params, strict=True), start=1):
        weight, bias = map(as_numpy, layer)
        for array, ours in ((weight.T, held.w), (bias, held.b)):
            if not np.array_equal(array.astype(np.float64), ours.astype(np.float64)):
                raise UsageError(
                    f"params: the module computes with {array.dtype} weights of layer {i} that "
                    f"{problem.dtype} does not have; pass module.to(torch.{problem.dtype})"
                )


def network_options(chain: "Chain", asked: Asked) -> dict[str, Any]:
    """Returns the options of the network that a module is, or is with a loss.

    Raises:
      UsageError: if something else is asked for.
    """
    n_hidden = len(chain.activations)
    activation = joined_names(chain.activations)
    named = asked.activation and joined_names(activations_of_layers(asked.activation, n_hidden))
    output = "softmax" if chain.output == "log_softmax" else chain.output or "linear"
    loss = "cross_entropy" if chain.output == "log_softmax" else asked.loss or "squared"
    if chain.end is not None:
        output, loss = chain.end
    output = output_of(output, loss)
    has_any = any(layer.bias is not None for layer in chain.layers)
    own = {
        "activation": activation,
        "output": output,
        "loss": loss,
        "bias": "all" if has_any else "none",
    }
    wanted = asked.output and output_of(asked.output, loss)
    wishes = asked._replace(activation=named, output=wanted)
    for name in own:
        other = getattr(wishes, name)
        if other not in (None, own[name]):
            raise UsageError(f"{name}: the module has {own[name]}, got {other!r}; leave it out")
    return own


def _source(module: Any, chain: "Chain") -> str:
    name = f"a torch {type(module).__name__}"
    if chain.end is None:
        return name
    times = f" times {chain.divisor}, over whose outputs it is a mean" if chain.divisor > 1 else ""
    return f"{name} with its own loss{times}"
