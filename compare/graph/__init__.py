"""Computational graphs of the gradient, explained node by node.

`compare.graph.draw` writes them and `compare.graph.explain_network` returns them; jax and torch are
loaded when one of them is first called.
"""

from compare.graph.base import Edge, Graph, Node
from compare.graph.written import Explained, draw, explain_network

__all__ = ["Edge", "Explained", "Graph", "Node", "draw", "explain_network"]
