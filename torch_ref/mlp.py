"""The same network as a torch module."""

import functools
import itertools
from collections.abc import Callable, Sequence
from types import MappingProxyType

import torch
from torch import nn
from torch.nn import functional

# torch's softplus is the identity above its threshold, 20 by default: 2e-9 off, which float64
# sees. Above 40 the true difference, exp(-40) = 4e-18, is below half an ulp of 40 in float64.
_softplus = functools.partial(functional.softplus, threshold=40.0)
_gelu_tanh = functools.partial(functional.gelu, approximate="tanh")

ACTIVATIONS: MappingProxyType[str, Callable[[torch.Tensor], torch.Tensor]] = MappingProxyType(
    {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "softplus": _softplus,
        "silu": functional.silu,
        "gelu": _gelu_tanh,
        "identity": lambda z: z,
    }
)


class MLP(nn.Module):
    """Linear layers, one hidden activation, a linear output."""

    def __init__(
        self,
        layer_sizes: Sequence[int],
        *,
        activation: str = "sigmoid",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Makes the layers, with the weights that nn.Linear draws.

        Args:
          layer_sizes: (d, n_1, ..., k).
          activation: a key of ACTIVATIONS.
          dtype: of the parameters.
          device: of the parameters.

        Raises:
          KeyError: for an unknown activation.
        """
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.layers = nn.ModuleList(
            nn.Linear(n_in, n_out, dtype=dtype, device=device)
            for n_in, n_out in itertools.pairwise(layer_sizes)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns yhat [..., k] for x [..., d]."""
        *hidden, output = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return output(x)
