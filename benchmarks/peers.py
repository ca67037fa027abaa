"""Per-sample gradients by other libraries: each task returns [weight, bias, ...] of all samples."""

import importlib.metadata
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from benchmarks.networks import Network
from jaxmlp import Batch, Params
from torch_ref import MLP, convert, loop_gradients, per_sample_gradients

Task = Callable[[], list[torch.Tensor]]

LOOP = "torch, a loop of backward()"
FUNC = "torch.func vmap(grad)"
PACKAGES = ("opacus", "backpack-for-pytorch")


def versions() -> dict[str, str]:
    """Returns the versions of the peers that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def loop(network: Network, params: Params, batch: Batch) -> Task:
    """One sample after another."""
    model, x, y = _torch(network, params, batch)
    return lambda: loop_gradients(model, x, y)[2]


def expanded(network: Network, params: Params, batch: Batch) -> Task:
    """Our own use of torch: one backward, of views expanded to [N, ...]."""
    model, x, y = _torch(network, params, batch)
    return lambda: per_sample_gradients(model, x, y).grads


def func(network: Network, params: Params, batch: Batch) -> Task:
    """torch.func, as its tutorial has it."""
    model, x, y = _torch(network, params, batch)
    weights = {name: p.detach() for name, p in model.named_parameters()}

    def loss(weights: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (torch.func.functional_call(model, weights, (x,)) - y).square().sum()

    by_func = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    return lambda: list(by_func(weights, x, y).values())


def opacus(network: Network, params: Params, batch: Batch) -> Task:
    """Opacus' GradSampleModule."""
    from opacus import GradSampleModule

    model, x, y = _torch(network, params, batch)
    wrapped = GradSampleModule(model, loss_reduction="sum")

    def run() -> list[torch.Tensor]:
        wrapped.zero_grad(set_to_none=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that no input needs a gradient
            (wrapped(x) - y).square().sum().backward()
        found = [p.grad_sample for p in wrapped.parameters()]
        for p in wrapped.parameters():
            p.grad_sample = None
        return found

    return run


def backpack(network: Network, params: Params, batch: Batch) -> Task:
    """BackPACK's BatchGrad, which wants an nn.Sequential."""
    from backpack import backpack as extended
    from backpack import extend
    from backpack.extensions import BatchGrad

    model, x, y = _torch(network, params, batch)
    hidden = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[network.activation]
    layers: list[Any] = []
    for layer in model.layers:
        layers += [layer, hidden()]
    sequential, loss = extend(nn.Sequential(*layers[:-1])), extend(nn.MSELoss(reduction="sum"))

    def run() -> list[torch.Tensor]:
        sequential.zero_grad(set_to_none=True)
        with warnings.catch_warnings(), extended(BatchGrad()):
            warnings.simplefilter("ignore")  # that no input needs a gradient
            loss(sequential(x), y).backward()
        found = [p.grad_batch for p in sequential.parameters()]
        for p in sequential.parameters():
            del p.grad_batch
        return found

    return run


RIVALS: Mapping[str, Callable[[Network, Params, Batch], Task]] = MappingProxyType(
    {FUNC: func, "Opacus GradSampleModule": opacus, "BackPACK BatchGrad": backpack}
)


def _torch(
    network: Network, params: Params, batch: Batch
) -> tuple[MLP, torch.Tensor, torch.Tensor]:
    model = MLP(network.sizes, activation=network.activation, device=torch.get_default_device())
    convert.load_params(model, params)
    return model, torch.tensor(batch.x), torch.tensor(batch.y)
