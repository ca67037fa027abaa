"""Trainings whose optimizers are right, in torch and in optax: `CORRECT`."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import optax
import torch
from torch import nn, optim

from compare.selftest.optimizer_mistakes.mistake import Optimizer
from compare.selftest.ports.linen import LINEN
from compare.selftest.ports.port import Port
from compare.steps.training import Training

_BATCHES = 5


class CorrectTraining(NamedTuple):
    """One network that torch and optax train alike.

    Attributes:
      port: the network in torch and in Flax linen.
      name: of the optimizer.
      torch: makes the optimizer of the module in torch.
      optax: the same.
    """

    port: Port
    name: str
    torch: Optimizer
    optax: Any

    @property
    def title(self) -> str:
        """Such as 'mlp, Adam'."""
        return f"{self.port.network.name}, {self.name}"

    def trainings(self, seed: int = 0) -> tuple[Training, dict[str, Training], list[Any]]:
        """Returns the reference in torch, its candidates, and the batches of all."""
        module = self.port.network.build(seed).module
        if self.port.network.name == "lstm":  # torch has two biases, and Flax their sum
            with torch.no_grad():
                module.lstm.bias_hh_l0.requires_grad_(False).zero_()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            inputs = [self.port.network.inputs() for _ in range(_BATCHES)]
            with torch.no_grad():
                shape = module(*inputs[0]).shape
            batches = [(*one, torch.randn(shape)) for one in inputs]
        state = {name: one.numpy().copy() for name, one in module.state_dict().items()}
        reference, candidate = (
            Training(module, nn.functional.mse_loss, self.torch(module)) for _ in range(2)
        )
        port = Training(self.port.make(state), _loss, self.optax)
        candidates = {"torch": candidate, "optax": port}
        return reference, candidates, batches


def _loss(output: Any, target: Any) -> Any:
    return jnp.mean(jnp.square(output - target))


_OPTIMIZERS: dict[str, tuple[Optimizer, Any]] = {
    "SGD": (lambda module: optim.SGD(module.parameters(), 0.1), optax.sgd(0.1)),
    "momentum": (
        lambda module: optim.SGD(module.parameters(), 0.1, momentum=0.9, foreach=True),
        optax.sgd(0.1, momentum=0.9),
    ),
    "Nesterov": (
        lambda module: optim.SGD(module.parameters(), 0.05, momentum=0.9, nesterov=True),
        optax.sgd(0.05, momentum=0.9, nesterov=True),
    ),
    "Adam": (lambda module: optim.Adam(module.parameters()), optax.adam(1e-3)),
    "AdamW": (
        lambda module: optim.AdamW(module.parameters(), weight_decay=0.1, fused=True),
        optax.adamw(1e-3, weight_decay=0.1),
    ),
}
_NETWORKS = ("mlp", "cnn in eval mode", "transformer", "lstm")

CORRECT: tuple[CorrectTraining, ...] = tuple(
    CorrectTraining(port, name, *pair)
    for port in LINEN
    if port.network.name in _NETWORKS
    for name, pair in _OPTIMIZERS.items()
)
