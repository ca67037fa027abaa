"""Which node of torch does what which equations of JAX do."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import NamedTuple

from compare.graph.base import Graph, Node
from compare.graph.losses import SQUARED_ERROR
from compare.graph.sentences import explain

_LAYER = ("weight", "bias", "affine", "activation")  # the steps of a layer
# step -> what both frameworks do there
_SENTENCES = MappingProxyType(
    {
        "input": "The sample and its label go in; no gradient comes back.",
        "weight": "Both transpose w{l} on the way in and its gradient on the way back: torch keeps "
        "[n_out, n_in] and multiplies by [n_in, n_out], and here it is the other way round.",
        "bias": "The gradient of b{l} is delta{l}: torch adds it to .grad, JAX returns it.",
        "affine": "One node of torch is two equations forward, the product and the sum with the "
        "bias; its backward is one product for dL/dw{l}{hands}.",
        "activation": "The backward of torch's node is one formula, s{l} * {phi}'(z{l}), with "
        "{phi}'(z{l}) = {slope}; JAX makes it from the rules of each primitive.",
        **SQUARED_ERROR.matches,
    }
)


class Match(NamedTuple):
    """One step of the network in both frameworks; a tuple may be empty."""

    title: str
    torch: tuple[Node, ...]  # leaves included; its nodes do the step and its backward
    forward: tuple[Node, ...]  # of JAX, leaves included
    backward: tuple[Node, ...]
    explanation: str


def align(torch: Graph, jax: Graph, *, activations: Sequence[str]) -> tuple[Match, ...]:
    """Puts every node of both graphs of one network into one row, in the order of the forward."""
    rows = []
    layers = max(node.layer for node in jax.nodes)
    for step, layer in _steps(layers):
        mine, theirs = (_at(graph.nodes, step, layer) for graph in (torch, jax))
        if not mine and not theirs:
            continue  # the identity does nothing
        said = explain(
            _SENTENCES[step],
            layer=layer or layers,
            activations=activations,
            hands=f" and one for s{layer - 1}" if layer > 1 else "",
        )
        forward = tuple(node for node in theirs if node.part != "backward")
        backward = tuple(node for node in theirs if node.part == "backward")
        rows.append(Match(_title(step, layer, layers), mine, forward, backward, said))
    return tuple(rows)


def _steps(layers: int) -> Iterator[tuple[str, int]]:
    yield "input", 0
    for layer in range(1, layers + 1):
        yield from ((step, layer) for step in _LAYER)
    yield from ((step, 0) for step in SQUARED_ERROR.labels)


def _at(nodes: Sequence[Node], step: str, layer: int) -> tuple[Node, ...]:
    return tuple(node for node in nodes if (node.step, node.layer) == (step, layer))


def _title(step: str, layer: int, layers: int) -> str:
    if step in ("weight", "bias"):
        return f"{step[0]}{layer}"
    if step == "affine":
        return "yhat" if layer == layers else f"z{layer}"
    return {"input": "x, y", "activation": f"h{layer}", **SQUARED_ERROR.labels}[step]
