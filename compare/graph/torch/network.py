"""The loss of one sample in torch, with the autograd graph that hangs on it."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from compare.activation_names import row_of
from compare.graph.torch.recording import Recording, record
from compare.implementations.user.torch_module import Asked, network_options
from compare.problem.network import Network, make_network
from torch_ref import ACTIVATIONS, FAMILIES, MLP
from torch_ref.chain import Affine, Chain
from torch_ref.lookup import shaped_label
from torch_ref.module import ModuleError, read_module, takes_labels, unwrapped
from torch_ref.stateless import call_with
from torch_ref.trees import tensors_in


class TorchNetwork(NamedTuple):
    """A loss that a chain of layers has made, and what it is made of."""

    recording: Recording
    network: Network
    chain: Chain
    is_plain: bool = False  # whether names of parts are ours, and say nothing to a user

    @property
    def dtype(self) -> str:
        """Of everything, as in 'float32'."""
        return str(self.recording.loss.dtype).removeprefix("torch.")

    def parameter(self, step: str, layer: int) -> str:
        """Returns the module's name of a weight or a bias; empty of any other step."""
        if step not in ("weight", "bias") or not 0 < layer <= len(self.chain.layers):
            return ""
        return own_name(getattr(self.chain.layers[layer - 1], step) or "")

    def label(self, layer: int) -> str:
        """Returns how the parameter that is a weight is called: w1, or w1.T as nn.Linear has it.

        One vector of numbers is a column, as in h @ w.
        """
        own = self.chain.layers[layer - 1]
        is_column = self.recording.given[own.weight].ndim == 1
        return f"w{layer}" if own.turned or is_column else f"w{layer}.T"


def own_name(name: str) -> str:
    """Returns what a user calls a part or a parameter of a `WithLoss`."""
    return name.removeprefix("whole").removeprefix(".")


def plain_network(network: Network, dtype: str = "float32") -> TorchNetwork:
    """Returns the loss of one sample, a batch of one, of nn.Linear layers."""
    module = plain_module(network, dtype)
    return module_network(module, plain_chain(network), network)._replace(is_plain=True)


def plain_module(network: Network, dtype: str) -> MLP:
    """Returns nn.Linear layers, with a bias where there is one."""
    phis = [row_of(one, ACTIVATIONS, FAMILIES) for one in network.activations]
    module = MLP(network.layer_sizes, activation=phis, dtype=getattr(torch, dtype))
    for i, layer in enumerate(module.layers):
        if not network.has_bias(i):
            layer.bias = None
    return module


def plain_chain(network: Network) -> Chain:
    """Returns what such a module computes, up to z of the last layer."""
    layers = []
    for i, sizes in enumerate(itertools.pairwise(network.layer_sizes)):
        bias = f"layers.{i}.bias" if network.has_bias(i) else None
        layers.append(Affine(f"layers.{i}", f"layers.{i}.weight", bias, False, sizes))
    return Chain(tuple(layers), network.activations, "linear", 0)


class WithLoss(nn.Module):
    """A module and a loss of its output, as one forward that takes labels."""

    def __init__(self, module: nn.Module, loss: Callable[..., Any]) -> None:
        """Takes both as they are."""
        super().__init__()
        self.whole, self.loss = module, loss

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Any:
        """Returns the loss."""
        return self.loss(self.whole(x), y)


def read_chain(module: nn.Module) -> Chain | str:
    """Returns the chain that a module is, or in words why it is none."""
    try:
        return read_module(module)
    except ModuleError as error:
        return _own_words(str(error).partition("; compare its gradients as files")[0])


def has_loss_of_its_own(module: nn.Module) -> bool:
    """Whether a module is to be called with labels, of which it makes a loss."""
    return takes_labels(unwrapped(module))


def _own_words(reason: str) -> str:
    """Returns a reason in which a `WithLoss` is two things."""
    reason = re.sub(r"\bwhole\.", "", reason).replace("the module (WithLoss)", "the loss")
    return re.sub(r"\bwhole \(", "the module (", reason)


def chain_network(module: nn.Module, chain: Chain, options: Mapping[str, Any]) -> TorchNetwork:
    """Returns the loss of one sample, a batch of one, of a module that is a chain.

    Args:
      module: nothing in it is changed.
      chain: that was read from it.
      options: activation, output, loss, bias and l2, as far as they are asked for.

    Raises:
      UsageError: if it has other options.
    """
    own = network_options(chain, Asked(**options))
    network = make_network(
        chain.layer_sizes,
        own["activation"],
        output=own["output"],
        loss=own["loss"],
        l2=options.get("l2", 0.0),
    )
    biases = tuple(layer.bias is not None for layer in chain.layers)
    network = dataclasses.replace(network, biases=() if all(biases) else biases)
    return module_network(module, chain, network)


def module_network(
    module: nn.Module,
    chain: Chain,
    network: Network,
    sample: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> TorchNetwork:
    """Returns the loss of one sample, a batch of one, of a module's own forward.

    Parameters are copied, frozen ones too; no `.grad` is touched.

    Args:
      module: that the chain was read from.
      chain: what it computes.
      network: the same with a loss, which the forward may leave to others.
      sample: x [d] and y [k]; zeros by default.
    """
    module = unwrapped(module)
    own = dict(module.named_parameters())
    params = {name: own[name].detach().clone().requires_grad_() for name in chain.names}
    like = params[chain.names[0]]
    x, y = sample or [like.new_zeros(network.layer_sizes[i]) for i in (0, -1)]
    given = {"x": x.unsqueeze(0), "y": shaped_label(chain.label or "row", y)}

    def run() -> torch.Tensor:
        return _loss(module, chain, network, params, given)

    return TorchNetwork(record(module, {**given, **params}, run), network, chain)


def _loss(
    module: nn.Module,
    chain: Chain,
    network: Network,
    params: Mapping[str, torch.Tensor],
    given: Mapping[str, torch.Tensor],
) -> torch.Tensor:
    """As `compare.run` has it: its own, or one that is put on top, and the penalty."""
    made = tensors_in(call_with(module, params, *list(given.values())[: 1 + bool(chain.label)]))
    if chain.loss is None:
        assert chain.prediction is not None
        yhat, y = made[chain.prediction], given["y"]
        yhat = yhat if yhat.shape == y.shape else yhat.reshape(y.shape)
        value = chain.loss_of(yhat, y, network.output, network.loss)
    else:
        value = made[chain.loss]
        value = value * chain.divisor if chain.divisor > 1 else value
    if network.l2:
        squares = [params[layer.weight].square().sum() for layer in chain.layers]
        value = value + network.l2 / 2 * sum(squares[1:], squares[0])
    return value
