"""The DOT texts of all pictures of a network."""

from compare.graph.explanation import Explanation
from compare.graph.pictures.both import both_dot
from compare.graph.pictures.jax import jax_dot
from compare.graph.pictures.torch import torch_dot

STEMS = ("graph_torch", "graph_jax", "graph_both")


def dot_texts(explanation: Explanation) -> dict[str, str]:
    """Returns the text of each picture, by the name of its file."""
    name, _, torch, jax, rows = explanation
    both = both_dot(rows, f"{name}: the same steps in torch and in JAX")
    return dict(zip(STEMS, (torch_dot(torch, name), jax_dot(jax, name), both), strict=True))
