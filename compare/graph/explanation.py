"""The graphs of a network."""

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from compare.activation_names import activations_of_layers, joined_names
from compare.catalogue import DTYPES
from compare.errors import UsageError
from compare.graph.alignment import Match, align
from compare.graph.base import Graph
from compare.options.arguments import plain_option
from compare.options.checks import one_of

if TYPE_CHECKING:
    from torch import nn

Network = Union["nn.Module", Sequence[int]]


class Explanation(NamedTuple):
    """Both graphs of one network, and which node of one is which of the other."""

    name: str  # 2-10-10-1 sigmoid
    torch: Graph
    jax: Graph
    rows: tuple[Match, ...]


def explain_network(
    network: Network, *, activation: str | Sequence[str] = "sigmoid", dtype: str = "float32"
) -> Explanation:
    """Returns torch's autograd graph and JAX's jaxpr of the gradient of one sample.

    Args:
      network: layer sizes (d, n_1, ..., k), or a torch module that is a chain of affine layers
        and activations with a linear output and no loss; its own forward is what is drawn.
      activation: of the hidden layers, one name or one for each; a module has its own.
      dtype: 'float32', or another that compare.run takes; a module has its own.

    Raises:
      UsageError: for a module that is no such chain, naming the part and the reason, and for
        sizes or an activation that cannot be.
    """
    named = plain_option("activation", activation)
    one_of(DTYPES)("dtype", dtype)
    from compare.graph.jax.graph import jax_graph
    from compare.graph.torch.graph import torch_graph
    from compare.graph.torch.network import module_network, plain_network
    from compare.implementations.user.torch_module import is_module

    if is_module(network):
        traced = module_network(network)
    else:
        given = _sizes(network)
        traced = plain_network(given, activations_of_layers(named, len(given) - 2), dtype)
    sizes, phis = traced.layer_sizes, traced.activations
    torch, jax = torch_graph(traced), jax_graph(sizes, phis, traced.dtype)
    name = f"{'-'.join(map(str, sizes))} {joined_names(phis)}"
    return Explanation(name, torch, jax, align(torch, jax, activations=phis))


def _sizes(network: Any) -> tuple[int, ...]:
    try:
        sizes = tuple(operator.index(n) for n in network)
    except TypeError:
        raise UsageError(
            "network: expected a torch.nn.Module or layer sizes such as (2, 10, 10, 1), got "
            f"{network!r}"
        ) from None
    if len(sizes) < 2 or min(sizes) < 1:
        raise UsageError(
            "network: expected at least two positive sizes, inputs first and outputs last, such as "
            f"(2, 10, 10, 1); got {sizes}"
        )
    return sizes
