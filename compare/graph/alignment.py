"""Which node of torch does what which equations of JAX do."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import NamedTuple

from compare.graph.base import Graph, Node
from compare.graph.sentences import explain
from compare.problem.network import Network

_LAYER = ("weight", "bias", "affine", "activation")  # the steps of a layer
_END = ("output", "loss", "penalty")
# step -> what both frameworks do there
_SENTENCES = MappingProxyType(
    {
        "input": "The sample and its label go in; no gradient comes back.",
        "weight": "torch keeps {stored}; JAX keeps [n_in, n_out], transposes it on the way in and "
        "its gradient on the way back{decay_added}.",
        "bias": "The gradient of b{l} is delta{l}: torch adds it to .grad, JAX returns it.",
        "affine": "The weighted sums of {h}{bias}; backward is one product for dL/dw{l}{hands}.",
        "activation": "{phi_value}; backward is s{l} * {phi}'(z{l}), with {phi}'(z{l}) = "
        "{slope}: JAX makes it from the rules of each primitive.",
        "output": "The prediction, yhat = {yhat}; backward is delta{l} = {delta}{with_slope}.",
        "loss": "L = {loss}; backward begins with 1 and makes {slope_of} = {dloss}.",
        "penalty": "The L2 term{penalty} of L; its slope, {l2} * w, is added to the gradient of "
        "every weight.",
    }
)


class Match(NamedTuple):
    """One step of the network in both frameworks; a tuple may be empty."""

    title: str
    torch: tuple[Node, ...]  # leaves included; its nodes do the step and its backward
    forward: tuple[Node, ...]  # of JAX, leaves included
    backward: tuple[Node, ...]
    explanation: str


def align(torch: Graph, jax: Graph, network: Network) -> tuple[Match, ...]:
    """Puts every node of both graphs of one network into one row, in the order of the forward."""
    rows = []
    for step, layer in _steps(network.n_layers):
        mine, theirs = (_at(graph.nodes, step, layer) for graph in (torch, jax))
        if not mine and not theirs:
            continue  # the identity does nothing, and there may be no bias
        said = explain(
            _SENTENCES[step],
            network,
            layer=layer or network.n_layers,
            hands=f" and one for s{layer - 1}" if layer > 1 else "",
            stored=_stored(mine),
            decay_added=f", to which {network.l2:g} * w{layer} is added" if network.l2 else "",
        )
        forward = tuple(node for node in theirs if node.part != "backward")
        backward = tuple(node for node in theirs if node.part == "backward")
        rows.append(Match(_title(step, layer, network), mine, forward, backward, said))
    return tuple(rows)


def _steps(layers: int) -> Iterator[tuple[str, int]]:
    yield "input", 0
    for layer in range(1, layers + 1):
        yield from ((step, layer) for step in _LAYER)
    yield from ((step, 0) for step in _END)


def _at(nodes: Sequence[Node], step: str, layer: int) -> tuple[Node, ...]:
    """Returns the nodes of a step; the L2 term is one step of all layers."""
    found = [node for node in nodes if node.step == step]
    return tuple(node for node in found if step == "penalty" or node.layer == layer)


def _stored(nodes: Sequence[Node]) -> str:
    """Says how torch keeps a weight."""
    turned = any(node.part == "leaf" and node.label.endswith(".T") for node in nodes)
    return "[n_out, n_in]" if turned else "[n_in, n_out]"


def _title(step: str, layer: int, network: Network) -> str:
    if step in ("weight", "bias"):
        return f"{step[0]}{layer}"
    if step == "affine":
        is_prediction = layer == network.n_layers and network.output == "linear"
        return "yhat" if is_prediction else f"z{layer}"
    if step == "activation":
        return f"h{layer}"
    return {"input": "x, y", "output": "yhat", "loss": "loss", "penalty": "L2"}[step]
