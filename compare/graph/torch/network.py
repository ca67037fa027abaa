"""The loss of one sample in torch, with the autograd graph that hangs on it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import nn

from compare.activation_names import row_of
from compare.errors import UsageError
from torch_ref import ACTIVATIONS, FAMILIES, MLP
from torch_ref.chain import Chain
from torch_ref.module import ModuleError, read_module, unwrapped
from torch_ref.stateless import call_with
from torch_ref.trees import tensors_in

_STEPS = ("weight", "bias")  # with a parameter of a layer, in the order of nn.Linear


class Parameter(NamedTuple):
    """Which one it is."""

    step: str  # weight or bias
    layer: int
    name: str  # that the module has for it
    tensor: torch.Tensor


class TorchNetwork(NamedTuple):
    """A loss, and what its leaves are called."""

    loss: torch.Tensor  # a scalar
    x: torch.Tensor
    y: torch.Tensor
    parameters: tuple[Parameter, ...]  # weight, bias, weight, ...
    layer_sizes: tuple[int, ...]
    activations: tuple[str, ...]  # of the hidden layers, one for each

    @property
    def layers(self) -> int:
        """How many there are."""
        return len(self.layer_sizes) - 1

    @property
    def dtype(self) -> str:
        """Of everything, as in 'float32'."""
        return str(self.loss.dtype).removeprefix("torch.")

    def own_name(self, step: str, layer: int) -> str:
        """Returns the module's name of the parameter of a step; empty if it has none."""
        if step not in _STEPS:
            return ""
        return self.parameters[2 * layer - 2 + _STEPS.index(step)].name


def plain_network(
    layer_sizes: Sequence[int], activations: Sequence[str], dtype: str = "float32"
) -> TorchNetwork:
    """Returns the loss of one sample, a batch of one, of nn.Linear layers."""
    phis = [row_of(one, ACTIVATIONS, FAMILIES) for one in activations]
    model = MLP(layer_sizes, activation=phis, dtype=getattr(torch, dtype))
    names = [f"layers.{i}.{step}" for i in range(len(layer_sizes) - 1) for step in _STEPS]
    return _traced(model, names, tuple(layer_sizes), tuple(activations))


def module_network(module: nn.Module) -> TorchNetwork:
    """Returns the loss of one sample, a batch of one, of a module's own forward.

    Args:
      module: a chain of affine layers with one activation between them, a linear output and no
        loss; nothing in it is changed.

    Raises:
      UsageError: for any other module, with the reason.
    """
    try:
        chain = read_module(module)
    except ModuleError as error:
        raise UsageError(str(error)) from None
    _check_drawable(chain)
    assert chain.prediction is not None
    return _traced(
        unwrapped(module), chain.names, chain.layer_sizes, chain.activations, chain.prediction
    )


def _check_drawable(chain: Chain) -> None:
    """Raises a UsageError for a chain that compares and cannot be drawn."""
    features = {
        "a loss of its own": chain.end is not None,
        f"a {chain.output} output": chain.output != "linear",
        "a layer without a bias": None in {layer.bias for layer in chain.layers},
        "weights [n_in, n_out]": any(layer.turned for layer in chain.layers),
    }
    for feature, is_there in features.items():
        if is_there:
            raise UsageError(
                f"graph: a module with {feature} cannot be drawn; compare.run takes it and judges "
                "its gradients"
            )


def network_of(
    loss: torch.Tensor,
    x: torch.Tensor,
    y: torch.Tensor,
    parameters: Mapping[str, torch.Tensor],
    activations: tuple[str, ...],
) -> TorchNetwork:
    """Describes a loss that is there already.

    Args:
      loss: a scalar that a chain of linear layers has made.
      x: the sample, [d] or [1, d].
      y: its label, [k] or [1, k].
      parameters: weight, bias, weight, ... in order, by the module's names.
      activations: of the hidden layers, one for each.
    """
    described = tuple(
        Parameter(_STEPS[i % 2], i // 2 + 1, name, tensor)
        for i, (name, tensor) in enumerate(parameters.items())
    )
    weights = [one.tensor for one in described if one.step == "weight"]
    sizes = (weights[0].shape[1], *(weight.shape[0] for weight in weights))
    return TorchNetwork(loss, x, y, described, sizes, activations)


def _traced(
    module: nn.Module,
    names: Sequence[str],
    layer_sizes: tuple[int, ...],
    activations: tuple[str, ...],
    prediction: int = 0,
) -> TorchNetwork:
    """Runs the forward on copies of the parameters, frozen ones too; no `.grad` is touched."""
    own = dict(module.named_parameters())
    fresh = {name: own[name].detach().clone().requires_grad_() for name in names}
    like = fresh[names[0]]
    x, y = (torch.zeros((1, layer_sizes[i]), dtype=like.dtype, device=like.device) for i in (0, -1))
    with torch.enable_grad():
        yhat = tensors_in(call_with(module, fresh, x))[prediction]
        loss = (yhat - y).square().sum()
    return network_of(loss, x, y, fresh, activations)
