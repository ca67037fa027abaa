"""A training whose optimizer is wrong, beside one whose optimizer is right."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

from compare.implementations.programs.model import Model
from compare.steps.training import Training

# of torch from the module, alone or with its schedule; of optax as it is
Optimizer: TypeAlias = Callable[[nn.Module], Any] | Any
Batch: TypeAlias = tuple[torch.Tensor, torch.Tensor]

_SIZE = 0.01  # of the loss, so that gradients are small enough for eps to be seen


class OptimizerMistake(NamedTuple):
    """One wrong optimizer.

    Attributes:
      name: what is wrong.
      reference: the optimizer that is right.
      candidate: the one that is wrong.
      first: the step at which it acts, counted from 1.
      words: what stands in a sentence that names the mistake rightly.
    """

    name: str
    reference: Optimizer
    candidate: Optimizer
    first: int
    words: str

    def trainings(self, seed: int = 0) -> tuple[Training, Training, list[Batch]]:
        """Returns the reference, the candidate, and the batches of both."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 3))
            batches = [(torch.randn(8, 6), torch.randn(8, 3)) for _ in range(3)]
        return _training(module, self.reference), _training(module, self.candidate), batches


def _training(module: nn.Module, optimizer: Optimizer) -> Training:
    if hasattr(optimizer, "update"):  # of optax
        weights = {
            name: np.array(one.detach().numpy().T) for name, one in module.named_parameters()
        }
        return Training(Model(_perceptron, weights), _loss, optimizer)
    made = optimizer(module)
    pair = made if isinstance(made, tuple) else (made, None)
    return Training(module, _torch_loss, *pair)


def _perceptron(weights: dict[str, Any], x: Any) -> Any:
    h = jnp.tanh(x @ weights["0.weight"] + weights["0.bias"][None])
    return h @ weights["2.weight"] + weights["2.bias"][None]


def _loss(output: Any, target: Any) -> Any:
    return _SIZE * jnp.mean(jnp.square(output - target))


def _torch_loss(output: Any, target: Any) -> Any:
    return _SIZE * nn.functional.mse_loss(output, target)
