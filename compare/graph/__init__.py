"""Computational graphs of the gradient, explained node by node.

`compare.graph.draw` writes them and `compare.graph.explain_network` returns them; jax and torch are
loaded when one of them is first called.
"""

from compare.graph.base import Edge, Graph, Node
from compare.graph.explanation import Explanation, explain_network
from compare.graph.files import draw

__all__ = ["Edge", "Explanation", "Graph", "Node", "draw", "explain_network"]
