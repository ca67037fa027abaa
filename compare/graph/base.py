"""A computational graph in which every node can be read."""

from collections.abc import Iterable
from typing import Any, NamedTuple

# What a node belongs to; torch's nodes and JAX's equations of one step and layer do the same work.
STEPS = ("input", "weight", "bias", "affine", "activation", "output", "loss", "penalty", "module")
PARTS = ("leaf", "forward", "backward")


class Node(NamedTuple):
    """One node and all that is said about it."""

    name: str  # unique in its graph, counted: t1, t2, ... of torch, j1, j2, ... of JAX
    label: str  # the quantity: z1, delta2, or an expression of others; a = b where both are one
    formula: str  # what it is made of; empty for leaves
    kind: str  # AddmmBackward0, dot_general, input, ...
    part: str  # one of PARTS
    step: str  # one of STEPS
    layer: int  # counted from 1; 0 for samples, and for the loss
    shape: tuple[int, ...]
    explanation: str  # one sentence
    gradient: str = ""  # of torch's nodes: the quantity that backward hands to it
    own: str = ""  # the module's name: of a parameter, or of the submodule that an operation is in


class Edge(NamedTuple):
    """What `head` is made of: `tail`; both are names of nodes."""

    tail: str
    head: str


class Graph(NamedTuple):
    """Nodes in an order in which they can be computed, and edges between them."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Quantity(NamedTuple):
    """What a value is to the network."""

    label: str  # empty where it has no name of its own
    role: str  # a key of the table of sentences
    step: str  # one of STEPS
    layer: int  # as a Node has it
    formula: str = ""
    gradient: str = ""  # of the loss with respect to it
    part: str = "backward"  # one of PARTS


class Builder:
    """A graph that is being made; its nodes are counted from 1, after a letter."""

    def __init__(self, letter: str) -> None:
        self._letter = letter
        self._nodes: list[Node] = []
        self._names: dict[Any, str] = {}
        self._edges: dict[Edge, None] = {}  # each once: h * h takes h twice

    def add(self, key: Any, node: Node, tails: Iterable[Any] = ()) -> None:
        """Adds a node under a key of its own, and what it is made of by their keys."""
        name = self._names[key] = f"{self._letter}{len(self._nodes) + 1}"
        self._nodes.append(node._replace(name=name))
        self._edges |= {Edge(self._names[tail], name): None for tail in tails}

    def graph(self, title: str) -> Graph:
        """Returns what has been added."""
        return Graph(title, tuple(self._nodes), tuple(self._edges))


def shape_text(shape: tuple[int, ...]) -> str:
    """Returns '[10, 1]', or 'scalar'."""
    return f"[{', '.join(map(str, shape))}]" if shape else "scalar"
