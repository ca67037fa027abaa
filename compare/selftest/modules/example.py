"""One torch module as people write it, what it is called with, and its twin in JAX."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn

Array: TypeAlias = Any  # of JAX
State: TypeAlias = dict[str, Array]  # parameters and buffers, by torch's names
Twin: TypeAlias = Callable[..., Any]  # of (state, *inputs); `cut`s have names of submodules


class Built(NamedTuple):
    """A module and what it is called with."""

    module: nn.Module
    inputs: tuple[torch.Tensor, ...]

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """Parameters and buffers; of those that are tied the first name."""
        return dict(self.module.named_parameters()) | dict(self.module.named_buffers())

    def cast(self, dtype: torch.dtype) -> "Built":
        """Casts what is floating-point, the module in place."""
        inputs = (one.to(dtype) if one.is_floating_point() else one for one in self.inputs)
        return Built(self.module.to(dtype), tuple(inputs))


class Example(NamedTuple):
    """A module by a few lines that make it, in train mode unless they say otherwise."""

    name: str
    module: Callable[[], nn.Module]
    inputs: Callable[[], tuple[torch.Tensor, ...]]
    twin: Twin | None = None  # the same mathematics in JAX, written by itself
    refused: str = ""  # a word of the refusal, if it is meant to be refused

    def build(self, seed: int) -> Built:
        """Draws weights, buffers and inputs in float32; torch's own random state stays."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = self.module()
            _scatter(module)
            return Built(module, self.inputs())


@torch.no_grad()
def _scatter(module: nn.Module) -> None:
    """Moves what torch starts at all zeros or ones: scales, biases and running statistics."""
    for vector in module.parameters():
        if vector.ndim == 1:
            vector.add_(0.2 * torch.randn_like(vector))
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(0.3 * torch.randn_like(buffer))
        if name.endswith("running_var"):
            buffer.copy_((0.3 * torch.randn_like(buffer)).exp())


def normals(*shapes: tuple[int, ...]) -> Callable[[], tuple[torch.Tensor, ...]]:
    """Makes a draw of one float32 tensor of each shape."""
    return lambda: tuple(torch.randn(shape) for shape in shapes)


def tokens(below: int, *shape: int) -> Callable[[], tuple[torch.Tensor, ...]]:
    """Makes a draw of one int64 tensor of numbers from 0 on."""
    return lambda: (torch.randint(0, below, shape),)
