"""Both graphs in one picture: a row for every step, torch on the left and JAX on the right."""

import itertools
from collections.abc import Iterator, Sequence

from compare.graph.alignment import Match
from compare.graph.base import Node, shape_text
from compare.graph.pictures.dot import Key, digraph, label, looks, says_more, small, stacked, what

_COLUMNS = {  # field of a row -> heading, and the part whose look its boxes have
    "torch": ("torch, one node for both ways", "backward"),
    "forward": ("JAX forward, to be read down", "forward"),
    "backward": ("JAX backward, to be read up", "backward"),
}
_LEGEND = (
    Key("parameters, sample, label", "leaf"),
    Key("forward", "forward"),
    Key("backward, or both ways in torch", "backward"),
    Key("the same step", "leaf", "&#183; &#183; &#183;"),
)


def both_dot(rows: Sequence[Match], title: str) -> str:
    """Draws a box for every cell, and dotted lines between boxes that match."""
    heads = [f"{column}_0" for column in _COLUMNS]
    lines = [f'{column}_0 [label="{head}", shape=plain];' for column, (head, _) in _COLUMNS.items()]
    lines += _level(heads, [False] * len(heads))
    for i, row in enumerate(rows, start=1):
        cells = [getattr(row, column) for column in _COLUMNS]
        names = [f"{column}_{i}" for column in _COLUMNS]
        for name, nodes, (_, part) in zip(names, cells, _COLUMNS.values(), strict=True):
            lines.append(_box(name, nodes, part, row.explanation))
        lines += _level(names, [bool(nodes) for nodes in cells])
    for column in _COLUMNS:
        names = [f"{column}_{i}" for i in range(len(rows) + 1)]
        lines += [f"{a} -> {b} [style=invis, weight=50];" for a, b in itertools.pairwise(names)]
    return digraph("graph_both", title, _LEGEND, lines)


def _level(names: Sequence[str], drawn: Sequence[bool]) -> Iterator[str]:
    """Yields what puts boxes beside each other, and a line between two that are there."""
    yield f"{{ rank=same; {'; '.join(names)}; }}"
    for (a, one), (b, other) in itertools.pairwise(zip(names, drawn, strict=True)):
        style = "dotted" if one and other else "invis"
        yield f'{a} -> {b} [dir=none, style={style}, color="#404040"];'


def _box(name: str, nodes: Sequence[Node], part: str, explanation: str) -> str:
    if not nodes:
        return f'{name} [label="", shape=point, style=invis];'
    if all(node.part == "leaf" for node in nodes):
        part = "leaf"
    text = stacked(map(_line, nodes))
    return f"{name} [label=<{text}>, {looks(part, explanation)}, shape=box];"


def _line(node: Node) -> str:
    about = f"{what(node)} {shape_text(node.shape)}"
    if says_more(node):
        about += f", takes {node.gradient}"
    if node.formula in ("", node.label):
        return f"{label(node)} {small(about)}"
    return f"{label(node, formula=f' = {node.formula}')}<br/>{small(about)}"
