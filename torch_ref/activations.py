"""Hidden activations in torch, by name."""

import functools
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import torch
from torch.nn import functional


class Activation(NamedTuple):
    """An elementwise function of torch."""

    fn: Callable[[torch.Tensor], torch.Tensor]

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
    return Activation(functools.partial(functional.leaky_relu, negative_slope=slope))


def elu(alpha: float = 1.0) -> Activation:
    """Returns z where z > 0, else alpha (exp(z) - 1)."""
    return Activation(functools.partial(functional.elu, alpha=alpha))


ACTIVATIONS: MappingProxyType[str, Activation] = MappingProxyType(
    {
        "sigmoid": Activation(torch.sigmoid),
        "tanh": Activation(torch.tanh),
        "relu": Activation(torch.relu),
        "softplus": Activation(_softplus),
        "silu": Activation(functional.silu),
        "gelu": Activation(_gelu_tanh),
        "identity": Activation(lambda z: z),
        "leaky_relu": leaky_relu(),
        "elu": elu(),
        "selu": Activation(functional.selu),
        "gelu_erf": Activation(functional.gelu),
        "relu6": Activation(functional.relu6),
        "hard_tanh": Activation(functional.hardtanh),
        "hard_sigmoid": Activation(_hard_sigmoid),
        "hard_swish": Activation(functional.hardswish),
        "mish": Activation(functional.mish),
        "softsign": Activation(functional.softsign),
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
