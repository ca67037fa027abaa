"""The graphs as <svg> elements for a page of HTML."""

import importlib.util
import re
from collections.abc import Sequence

from compare.graph.drawing import can_draw, picture
from compare.graph.written import dot_texts, explain_network

_MOST_LAYERS = 8  # a taller picture says no more, and would fill the page
_NAMED = re.compile(r'(?<= id=")')
_TITLES = {
    "graph_torch": "the autograd graph of torch",
    "graph_jax": "the jaxpr of jax.value_and_grad",
    "graph_both": "the same steps in torch and in JAX",
}


def inline_graphs(layer_sizes: Sequence[int], activation: str) -> list[str]:
    """Draws the three graphs of a network; none if it is deep.

    Nor are there any where pygraphviz or a framework is missing, as where only a report.json came.

    Args:
      layer_sizes: (d, n_1, ..., k).
      activation: of the hidden layers.

    Returns:
      The text of an <svg> element each, their ids apart.
    """
    missing = [name for name in ("jax", "torch") if importlib.util.find_spec(name) is None]
    if missing or not can_draw() or len(layer_sizes) > _MOST_LAYERS + 1:
        return []
    explained = explain_network(tuple(layer_sizes), activation=activation)
    return [
        _element(picture(text, "svg").decode(), stem, f"{explained.name}: {_TITLES[stem]}")
        for stem, text in dot_texts(explained).items()
    ]


def _element(svg: str, stem: str, title: str) -> str:
    """Leaves out what stands before <svg>, tells its ids from others' and names it."""
    text = _NAMED.sub(f"{stem}_", svg[svg.index("<svg") :])
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
