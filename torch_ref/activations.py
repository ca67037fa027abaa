"""Hidden activations in torch: how they are computed here, and how modules spell them."""

import functools
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional


class Activation(NamedTuple):
    """An elementwise function of torch."""

    fn: Callable[[torch.Tensor], torch.Tensor]
    spellings: tuple[Any, ...]  # modules and functions that compute it, methods by name
    options: tuple[str, ...] = ()  # names of its arguments after the first

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        """Returns h, shaped like z."""
        return self.fn(z)


# torch's softplus is the identity above its threshold, 20 by default: 2e-9 off, which float64
# sees. Above 40 the true difference, exp(-40) = 4e-18, is below half an ulp of 40 in float64.
_softplus = functools.partial(functional.softplus, threshold=40.0)
_gelu_tanh = functools.partial(functional.gelu, approximate="tanh")

ACTIVATIONS: MappingProxyType[str, Activation] = MappingProxyType(
    {
        "sigmoid": Activation(
            torch.sigmoid,
            (
                *(nn.Sigmoid, torch.sigmoid, torch.sigmoid_, torch.special.expit),
                *("sigmoid", "sigmoid_"),
            ),
        ),
        "tanh": Activation(torch.tanh, (nn.Tanh, torch.tanh, torch.tanh_, "tanh", "tanh_")),
        "relu": Activation(
            torch.relu,
            (nn.ReLU, functional.relu, torch.relu, torch.relu_, "relu", "relu_"),
        ),
        "softplus": Activation(
            _softplus, (nn.Softplus, functional.softplus), options=("beta", "threshold")
        ),
        "silu": Activation(functional.silu, (nn.SiLU, functional.silu)),
        "gelu": Activation(_gelu_tanh, (nn.GELU, functional.gelu), options=("approximate",)),
        "identity": Activation(lambda z: z, (nn.Identity,)),
    }
)


def of_each_layer(names: str | Sequence[str], n_hidden: int) -> tuple[Activation, ...]:
    """Returns one activation for every hidden layer.

    Raises:
      KeyError: for an unknown name.
      ValueError: if there is neither one for all nor one for each.
    """
    each = (names,) * n_hidden if isinstance(names, str) else tuple(names)
    if len(each) != n_hidden:
        raise ValueError(
            f"activation: expected one for all or one for each of {n_hidden} hidden layers, got "
            f"{len(each)}"
        )
    return tuple(ACTIVATIONS[name] for name in each)
