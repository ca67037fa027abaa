"""The same network as a torch module."""

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from torch_ref.activations import Activations, of_each_layer


class MLP(nn.Module):
    """Linear layers and activations between them; what follows the last is the loss's."""

    def __init__(
        self,
        layer_sizes: Sequence[int],
        *,
        activation: Activations = "sigmoid",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Makes the layers, with weights as nn.Linear draws them.

        Args:
          layer_sizes: (d, n_1, ..., k).
          activation: a key of ACTIVATIONS, or a row of it, for all hidden layers, or one for each.
          dtype: of the parameters.
          device: of the parameters.

        Raises:
          KeyError: for an unknown activation.
          ValueError: for another number of activations than hidden layers.
        """
        super().__init__()
        self.activations = of_each_layer(activation, len(layer_sizes) - 2)
        self.layers = nn.ModuleList(
            nn.Linear(n_in, n_out, dtype=dtype, device=device)
            for n_in, n_out in itertools.pairwise(layer_sizes)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns z of the last layer, [..., k], for x [..., d]."""
        *hidden, output = self.layers
        for layer, activation in zip(hidden, self.activations, strict=True):
            x = activation(layer(x))
        return output(x)
