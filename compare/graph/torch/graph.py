"""The autograd graph of torch as one of ours: every `grad_fn` a node."""

from typing import Any

from compare.graph.base import Builder, Graph, Node, Quantity
from compare.graph.sentences import explain
from compare.graph.torch.network import TorchNetwork
from compare.graph.torch.quantities import in_order, inputs_of, kind_of, name_functions
from compare.graph.torch.sentences import SENTENCES


def torch_graph(network: TorchNetwork) -> Graph:
    """Returns the graph that `loss.backward()` walks, with parameters, x and y beside it.

    Raises:
      UsageError: for a node that cannot be explained, naming it and what it takes.
    """
    of = name_functions(network)
    made = Builder("t")
    for key, tensor in (("x", network.x), ("y", network.y)):
        said = _explain(network, key, 0)
        made.add(key, Node("", key, "", "tensor", "leaf", "input", 0, tuple(tensor.shape), said))
    functions = in_order(network.loss.grad_fn)
    for function in sorted(functions, key=lambda one: of[one].layer or network.layers + 1):
        tails = inputs_of(function, of)
        if hasattr(function, "variable"):
            made.add(function.variable, _parameter(network, function, of))
            tails = [function.variable]
        made.add(function, _node(network, function, of), tails)
    return made.graph("the autograd graph of torch")


def _parameter(network: TorchNetwork, function: Any, of: dict[Any, Quantity]) -> Node:
    """Describes the parameter whose `.grad` a node fills."""
    one = of[function]
    own = network.own_name(one.step, one.layer)
    said = _explain(network, one.step, one.layer, label=one.label, parameter=own)
    shape = tuple(function.variable.shape)
    return Node("", one.label, "", "parameter", "leaf", one.step, one.layer, shape, said)


def _node(network: TorchNetwork, function: Any, of: dict[Any, Quantity]) -> Node:
    one = of[function]
    said = _explain(
        network,
        one.role,
        one.layer or network.layers,
        label=one.label,
        formula=one.formula,
        gradient=one.gradient,
        hands=f" and s{one.layer - 1} = w{one.layer} @ delta{one.layer}" if one.layer > 1 else "",
        parameter=network.own_name(one.step, one.layer),
    )
    return Node(
        name="",
        label=one.gradient if hasattr(function, "variable") else one.label,
        formula=one.formula,
        kind=kind_of(function),
        part=one.part,
        step=one.step,
        layer=one.layer,
        shape=_shape(function),
        explanation=said,
        gradient=one.gradient,
    )


def _explain(network: TorchNetwork, role: str, layer: int, **fields: Any) -> str:
    return explain(SENTENCES[role], layer=layer, activations=network.activations, **fields)


def _shape(function: Any) -> tuple[int, ...]:
    """Of the result, which is also that of the gradient that the node is handed."""
    if hasattr(function, "variable"):
        return tuple(function.variable.shape)
    return tuple(int(n) for n in function._input_metadata[0].shape)
