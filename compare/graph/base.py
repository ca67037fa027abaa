"""A computational graph in which every node can be read: the one data type of this package."""

from collections.abc import Iterable
from typing import NamedTuple

# What a node belongs to; torch's nodes and JAX's equations of one step and layer do the same work.
STEPS = ("input", "weight", "bias", "affine", "activation", "residual", "square", "sum")
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


class Edge(NamedTuple):
    """What `head` is made of: `tail`; both are names of nodes."""

    tail: str
    head: str


class Graph(NamedTuple):
    """Nodes in an order in which they can be computed, and edges between them."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def once(items: Iterable[Edge]) -> tuple[Edge, ...]:
    """Returns edges in their order, each once: h * h takes h twice."""
    return tuple(dict.fromkeys(items))


def shape_text(shape: tuple[int, ...]) -> str:
    """Returns '[10, 1]', or 'scalar'."""
    return f"[{', '.join(map(str, shape))}]" if shape else "scalar"
