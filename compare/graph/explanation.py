"""The graphs of a network."""

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Union, Unpack

from compare.activation_names import joined_names
from compare.catalogue import words_of_end
from compare.errors import UsageError
from compare.graph.alignment import Match, align
from compare.graph.base import Graph
from compare.graph.ends import end_of
from compare.options.arguments import plain_options
from compare.options.config import check_end
from compare.problem.network import Network, make_network

if TYPE_CHECKING:
    from torch import nn

    from compare.graph.torch.network import TorchNetwork

Drawable = Union["nn.Module", Sequence[int]]


class Explanation(NamedTuple):
    """Both graphs of one network, and which node of one is which of the other."""

    name: str  # 2-10-10-1 sigmoid
    formula: str  # of the loss
    torch: Graph
    jax: Graph | None  # None of a module that is no chain of layers
    rows: tuple[Match, ...] = ()
    reason: str = ""  # why it is none


class Options(TypedDict, total=False):
    """What is known of a network beside its sizes or its module, which has its own of all but l2.

    activation: of the hidden layers, one name or one for each; sigmoid by default.
    output: the output activation; linear by default.
    loss: 'squared', which is the default, or another that compare.run takes; or a function, or a
      module, of torch tensors yhat and y.
    l2: lambda of lambda / 2 |w|^2, which is added to the loss.
    bias: 'all' or 'none', which layers have one; all by default.
    dtype: 'float32', which is the default, or another that compare.run takes.
    input_shape: of one sample, for a module that is no chain of layers.
    """

    activation: str | Sequence[str]
    output: str
    loss: str | Callable[..., Any]
    l2: float
    bias: str
    dtype: str
    input_shape: Sequence[int] | None


def explain_network(network: Drawable, **options: Unpack[Options]) -> Explanation:
    """Returns torch's autograd graph and JAX's jaxpr of the gradient of one sample.

    Args:
      network: layer sizes (d, n_1, ..., k), or a torch module, whose own forward is drawn, and its
        loss if it returns one. One that is no chain of affine layers and activations has a graph
        of torch alone.
      options: of the network, those of `Options`.

    Raises:
      UsageError: for a module or a loss that cannot be called, for options that contradict the
        module, and for sizes or options that cannot be.
    """
    unknown = sorted(options.keys() - Options.__annotations__.keys())
    if unknown:
        raise TypeError(f"explain_network() got an unexpected keyword argument {unknown[0]!r}")
    shape = _input_shape(options.pop("input_shape", None))
    loss = options.pop("loss") if callable(options.get("loss")) else None
    given = plain_options(options)
    dtype = given.pop("dtype", None)
    from compare.implementations.user.torch_module import is_module, user_module_told

    if is_module(network):
        with user_module_told(name="module"):
            return _explain_module(network, loss, given, dtype, shape)
    check_end(given.get("output", "linear"), given.get("loss", "squared"))
    plain = make_network(_sizes(network), given.pop("activation", "sigmoid"), **given)
    return explain_plain(plain, dtype or "float32", loss)


def explain_plain(network: Network, dtype: str = "float32", loss: Any = None) -> Explanation:
    """Returns the same of a network of nn.Linear layers, with a loss of its own or of a user's."""
    from compare.graph.torch.network import plain_module, plain_network
    from compare.implementations.base import PRECISE
    from compare.implementations.torch_settings import torch_settings
    from compare.implementations.user.torch_module import user_module_told

    if loss is None:
        with torch_settings(PRECISE):
            return _explained(plain_network(network, dtype))
    if network.output != "linear":
        raise UsageError(
            f"output: a loss of your own is one of the last layer, got {network.output}; leave it "
            "out, and apply it in the loss"
        )
    with user_module_told(name="loss"):
        return _explain_module(plain_module(network, dtype), loss, {"l2": network.l2}, None, None)


def _explain_module(
    module: Any, loss: Any, options: dict[str, Any], dtype: str | None, shape: Any
) -> Explanation:
    from compare.graph.torch.network import (
        WithLoss,
        chain_network,
        has_loss_of_its_own,
        read_chain,
    )

    whole = module if loss is None else WithLoss(module, loss)
    chain = read_chain(whole)
    if isinstance(chain, str):
        if loss is not None and has_loss_of_its_own(module):
            raise UsageError(
                "loss: the module takes labels for a loss of its own; drop one of both"
            )
        return _explain_any(module, loss, options, shape, chain)
    traced = chain_network(whole, chain, options)
    if dtype not in (None, traced.dtype):
        raise UsageError(f"dtype: the module has {traced.dtype}, got {dtype!r}; leave it out")
    return _explained(traced)


def _explain_any(
    module: Any, loss: Any, options: dict[str, Any], shape: Any, reason: str
) -> Explanation:
    """Of torch alone; a reason says why."""
    from compare.graph.torch.any_graph import any_graph
    from compare.graph.torch.any_module import call_any, named_loss

    for name in ("activation", "output", "bias", "l2"):
        if options.get(name):
            raise UsageError(f"{name}: the module is no chain of layers ({reason}); leave it out")
    named = options.get("loss", "squared")
    called = call_any(module, input_shape=shape, loss=loss or named_loss(named))
    formula = "the loss that is given" if loss is not None else f"{named} of what it returns"
    formula = "its own loss" if called.is_own else formula
    return Explanation(type(module).__name__, formula, any_graph(called), None, reason=reason)


def _explained(traced: "TorchNetwork") -> Explanation:
    from compare.graph.jax.graph import jax_graph
    from compare.graph.torch.graph import torch_graph

    network = traced.network
    torch, jax = torch_graph(traced), jax_graph(network, traced.dtype)
    rows = align(torch, jax, network)
    return Explanation(_name(network), end_of(network).formula, torch, jax, rows)


def _name(network: Network) -> str:
    """Returns '2-10-10-1 sigmoid', and what else there is to be said."""
    sizes = "-".join(map(str, network.layer_sizes))
    end = words_of_end(network.output, network.loss, network.l2)
    without = [str(i + 1) for i in range(network.n_layers) if not network.has_bias(i)]
    biases = f", no bias in layer {', '.join(without)}" * bool(without)
    biases = ", no biases" if len(without) == network.n_layers else biases
    return f"{sizes} {joined_names(network.activations)}{end}{biases}"


def _input_shape(shape: Any) -> tuple[int, ...] | None:
    if shape is None:
        return None
    try:
        found = tuple(operator.index(n) for n in shape)
    except TypeError:
        found = (0,)
    if min(found, default=1) < 1:
        raise UsageError(f"input_shape: expected sizes such as (3, 32, 32), got {shape!r}")
    return found


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
