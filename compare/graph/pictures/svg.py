"""The graphs as <svg> elements for a page of HTML."""

import importlib.util
import re

from compare.graph.explanation import explain_plain
from compare.graph.pictures.graphviz import can_draw, picture
from compare.graph.pictures.texts import dot_texts
from compare.problem.network import Network

_MOST_LAYERS = 8  # a taller picture says no more, and would fill the page
_NAMED = re.compile(r'(?<= id=")')
_TITLES = {
    "graph_torch": "the autograd graph of torch",
    "graph_jax": "the jaxpr of jax.value_and_grad",
    "graph_both": "the same steps in torch and in JAX",
}


def inline_graphs(network: Network, *, room: int) -> list[str]:
    """Draws those of the three graphs of a network for which there is room; none if it is deep.

    Nor are there any where pygraphviz or a framework is missing, as where only a report.json came.

    Args:
      network: with its output and its loss.
      room: bytes for all of them.

    Returns:
      The text of an <svg> element each, their ids apart.
    """
    missing = [name for name in ("jax", "torch") if importlib.util.find_spec(name) is None]
    if missing or not can_draw() or network.n_layers > _MOST_LAYERS:
        return []
    explanation = explain_plain(network)
    graphs = []
    for stem, text in dot_texts(explanation).items():
        title = f"{explanation.name}: {_TITLES[stem]}"
        graph = _element(picture(text, "svg").decode(), stem, title)
        room -= len(graph.encode())
        if room < 0:
            break
        graphs.append(graph)
    return graphs


def _element(svg: str, stem: str, title: str) -> str:
    """Leaves out what stands before <svg>, tells its ids from others', names and sizes it."""
    text = _NAMED.sub(f"{stem}_", svg[svg.index("<svg") :])
    natural = text.partition('width="')[2].partition('"')[0]
    style = f"width: min(60rem, {natural})"  # a narrow screen scrolls rather than shrinks it
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" style="{style}" ', 1)
