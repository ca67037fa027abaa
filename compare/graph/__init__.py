"""Computational graphs of the gradient, explained node by node.

`compare.graph.draw` writes them and `compare.graph.explain_network` returns them. Each is loaded
when it is first named, so that the command can say what is not installed; jax and torch are loaded
when one of them is first called.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compare.graph.base import Edge, Graph, Node
    from compare.graph.explanation import Explanation, explain_network
    from compare.graph.files import draw

__all__ = ["Edge", "Explanation", "Graph", "Node", "draw", "explain_network"]

_HOMES = {
    **dict.fromkeys(("Edge", "Graph", "Node"), "compare.graph.base"),
    **dict.fromkeys(("Explanation", "explain_network"), "compare.graph.explanation"),
    "draw": "compare.graph.files",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
