"""Losses of one sample in torch, by name; autograd has their slopes."""

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias

import torch

Loss: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # yhat, y [..., k] -> [...]

LOSSES: MappingProxyType[str, Loss] = MappingProxyType(
    {"squared": lambda yhat, y: (yhat - y).square().sum(dim=-1)}
)
