"""Hidden activations in torch: how they are computed here, and how modules spell them."""

import functools
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

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


def _hard_sigmoid(z: torch.Tensor) -> torch.Tensor:
    """torch differentiates its own with float32's 1/6, in float64 too."""
    return functional.relu6(z + 3) / 6


def leaky_relu(slope: float = 0.01) -> Activation:
    """Returns z where z > 0, else slope z."""
    return Activation(functools.partial(functional.leaky_relu, negative_slope=slope), ())


def elu(alpha: float = 1.0) -> Activation:
    """Returns z where z > 0, else alpha (exp(z) - 1)."""
    return Activation(functools.partial(functional.elu, alpha=alpha), ())


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
        "leaky_relu": leaky_relu(),
        "elu": elu(),
        "selu": Activation(functional.selu, (nn.SELU, functional.selu, torch.selu, torch.selu_)),
        "gelu_erf": Activation(functional.gelu, ()),
        "relu6": Activation(functional.relu6, (nn.ReLU6, functional.relu6)),
        "hard_tanh": Activation(functional.hardtanh, ()),
        "hard_sigmoid": Activation(_hard_sigmoid, ()),
        "hard_swish": Activation(functional.hardswish, (nn.Hardswish, functional.hardswish)),
        "mish": Activation(functional.mish, (nn.Mish, functional.mish)),
        "softsign": Activation(functional.softsign, (nn.Softsign, functional.softsign)),
    }
)
# name -> function of the number that such a name may have
FAMILIES = MappingProxyType({"leaky_relu": leaky_relu, "elu": elu})


# by name, or itself; one for all hidden layers, or one for each
Activations: TypeAlias = str | Activation | Sequence[str | Activation]


def of_each_layer(given: Activations, n_hidden: int) -> tuple[Activation, ...]:
    """Returns one activation for every hidden layer.

    Raises:
      KeyError: for an unknown name.
      ValueError: if there is neither one for all nor one for each.
    """
    each = (given,) * n_hidden if isinstance(given, str | Activation) else tuple(given)
    if len(each) != n_hidden:
        raise ValueError(
            f"activation: expected one for all or one for each of {n_hidden} hidden layers, got "
            f"{len(each)}"
        )
    return tuple(ACTIVATIONS[one] if isinstance(one, str) else one for one in each)
