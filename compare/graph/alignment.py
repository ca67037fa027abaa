"""Which node of torch does what which equations of JAX do."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compare.graph.base import Graph, Node
from compare.graph.explanations import MATCHES, explain

_LAYER = ("weight", "bias", "affine", "activation")  # the steps of a layer
_LOSS = ("residual", "square", "sum")


class Match(NamedTuple):
    """One step of the network in both frameworks; a tuple may be empty."""

    title: str
    torch: tuple[Node, ...]  # leaves included; its nodes do the step and its backward
    forward: tuple[Node, ...]  # of JAX, leaves included
    backward: tuple[Node, ...]
    explanation: str


def align(torch: Graph, jax: Graph, *, activation: str) -> tuple[Match, ...]:
    """Puts every node of both graphs of one network into one row, in the order of the forward."""
    rows = []
    layers = max(node.layer for node in jax.nodes)
    for step, layer in _steps(layers):
        mine, theirs = (_at(graph.nodes, step, layer) for graph in (torch, jax))
        if not mine and not theirs:
            continue  # the identity does nothing
        said = explain(
            MATCHES[step],
            layer=layer or layers,
            activation=activation,
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
    yield from ((step, 0) for step in _LOSS)


def _at(nodes: Sequence[Node], step: str, layer: int) -> tuple[Node, ...]:
    return tuple(node for node in nodes if (node.step, node.layer) == (step, layer))


def _title(step: str, layer: int, layers: int) -> str:
    if step in ("weight", "bias"):
        return f"{step[0]}{layer}"
    if step == "affine":
        return "yhat" if layer == layers else f"z{layer}"
    return {
        "input": "x, y",
        "activation": f"h{layer}",
        "residual": "yhat - y",
        "square": "(yhat - y)^2",
        "sum": "loss",
    }[step]
