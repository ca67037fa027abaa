"""Modules whose backward pass is written by hand, and randomness that is refused."""

from typing import Any

import jax
import torch
from torch import nn

from compare.selftest.modules.example import Array, Example, State, normals
from compare.selftest.modules.jax_layers import linear


class Swish(torch.autograd.Function):
    """x sigmoid(x), and its slope."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        sigmoid = torch.sigmoid(x)
        return gradient * (sigmoid + x * sigmoid * (1 - sigmoid))


class SwishLayer(nn.Module):
    """An affine layer and the activation."""

    activation = Swish

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activation.apply(self.linear(x))


def _swish_twin(state: State, x: Array) -> Array:
    return jax.nn.swish(linear(state, "linear", x))


class Bilinear(torch.autograd.Function):
    """x W^T with gradients of both."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, weight = ctx.saved_tensors
        return gradient @ weight, gradient.T @ x


class ByHand(nn.Module):
    """Two layers whose products have a backward pass of their own."""

    product = Bilinear

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(6)
        self.first = nn.Parameter(torch.randn(8, 6) / 3)
        self.last = nn.Parameter(torch.randn(3, 8) / 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.product.apply(self.norm(x), self.first).tanh()
        return self.product.apply(h, self.last)


def _dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.5), nn.Linear(16, 3))


CUSTOM_BACKWARD = (
    Example("swish by hand", SwishLayer, normals((5, 6)), _swish_twin),
    Example("products by hand", ByHand, normals((5, 6))),
    Example("dropout in train mode", _dropout, normals((5, 6)), refused="dropout"),
)
