"""Losses of one sample in torch, on an output activation; autograd has their slopes."""

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias

import torch
from torch.nn import functional

Loss: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # z, y [..., k] -> [...]
Output: TypeAlias = Callable[[torch.Tensor], torch.Tensor]  # z [..., k] -> yhat [..., k]

OUTPUTS: MappingProxyType[str, Output] = MappingProxyType(
    {
        "linear": lambda z: z,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softmax": lambda z: torch.softmax(z, dim=-1),
    }
)
DISTANCES: MappingProxyType[str, Loss] = MappingProxyType(
    {
        "squared": lambda yhat, y: (yhat - y).square().sum(dim=-1),
        "half_squared": lambda yhat, y: 0.5 * (yhat - y).square().sum(dim=-1),
        "mean_squared": lambda yhat, y: (yhat - y).square().mean(dim=-1),
        "huber": lambda yhat, y: functional.huber_loss(yhat, y, reduction="none").sum(dim=-1),
        "absolute": lambda yhat, y: (yhat - y).abs().sum(dim=-1),
        "hinge": lambda yhat, y: functional.relu(1 - y * yhat).sum(dim=-1),
    }
)


def _joined(output: str, distance: Loss) -> Loss:
    if output == "linear":
        return distance
    return lambda z, y: distance(OUTPUTS[output](z), y)


def _cross_entropy(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return -(y * functional.log_softmax(z, dim=-1)).sum(dim=-1)


def _binary_cross_entropy(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(dim=-1)


LOSSES: MappingProxyType[tuple[str, str], Loss] = MappingProxyType(  # (output, loss) -> both
    {
        **{
            (output, name): _joined(output, distance)
            for output in OUTPUTS
            for name, distance in DISTANCES.items()
            if name != "hinge" or output in ("linear", "tanh")
        },
        ("softmax", "cross_entropy"): _cross_entropy,
        ("sigmoid", "binary_cross_entropy"): _binary_cross_entropy,
    }
)
