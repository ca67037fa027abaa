"""The DOT texts of all pictures of a network."""

from compare.graph.explanation import Explanation
from compare.graph.pictures.both import both_dot
from compare.graph.pictures.jax import jax_dot
from compare.graph.pictures.torch import torch_dot

STEMS = ("graph_torch", "graph_jax", "graph_both")


def dot_texts(explanation: Explanation) -> dict[str, str]:
    """Returns the text of each picture, by the name of its file."""
    name, jax = explanation.name, explanation.jax
    texts = [torch_dot(explanation.torch, name)]
    if jax is not None:
        both = both_dot(explanation.rows, f"{name}: the same steps in torch and in JAX")
        texts += [jax_dot(jax, name), both]
    return dict(zip(STEMS, texts, strict=False))
