"""JAX's graph: the forward down one side and the backward up the other, layer beside layer."""

import re
from collections.abc import Iterator, Mapping, Sequence

from compare.graph.base import Edge, Graph, Node
from compare.graph.pictures.dot import STYLES, Key, coloured, digraph, node_line, quoted

_LEGEND = (
    Key("argument", "leaf"),
    Key("forward, goes down", "forward"),
    Key("backward, goes up", "backward"),
    Key("used again on the way back", "backward", "&#8674;"),
)


def jax_dot(graph: Graph, network: str) -> str:
    """Returns the text of the picture.

    Args:
      graph: of JAX.
      network: what it is called, for the title.
    """
    clusters = _clusters(graph.nodes)
    lines: list[str] = []
    for side in ("forward", "backward"):  # from left to right
        lines.append(f'subgraph cluster_{side} {{ peripheries=0; label="";')
        for (layer, part), members in clusters.items():
            if part == side:
                lines += _cluster(layer, part, members)
        lines.append("}")
    nodes = {node.name: node for node in graph.nodes}
    lines += [_arrow(nodes[tail], nodes[head]) for tail, head in graph.edges]
    for part in ("forward", "backward"):
        column = {_caption(*key): members for key, members in clusters.items() if key[1] == part}
        lines += _stacked(column, graph.edges, is_backward=part == "backward")
    lines += _level(graph.nodes)
    return digraph("graph_jax", f"{network}: {graph.title}", _LEGEND, lines)


def _clusters(nodes: Sequence[Node]) -> Mapping[tuple[int, str], list[Node]]:
    """Returns the nodes of every layer's forward, leaves included, and of its backward."""
    layers = range(1, max(node.layer for node in nodes) + 1)
    found: dict[tuple[int, str], list[Node]] = {
        (layer, part): [] for layer in (*layers, 0) for part in ("forward", "backward")
    }
    for node in nodes:
        layer = 1 if node.label == "x" else node.layer
        found[layer, "backward" if node.part == "backward" else "forward"].append(node)
    return found


def _cluster(layer: int, part: str, members: Sequence[Node]) -> Iterator[str]:
    """Its caption is a node: arrows go around nodes, and over the label of a cluster."""
    title = quoted(f"layer {layer}, {part}" if layer else f"the loss, {part}")
    line, caption = STYLES[part].line, _caption(layer, part)
    yield f"subgraph cluster_{part}_{layer} {{"
    yield f'  peripheries=1; label=""; color="{line}"; style=rounded;'
    yield f'  {caption} [label={title}, shape=plain, fontcolor="{line}", fontsize=14];'
    yield from (f"  {node_line(node, group=_column(node))}" for node in members)
    yield "}"


def _caption(layer: int, part: str) -> str:
    return f"caption_{part}_{layer}"


def _column(node: Node) -> str:
    """Names the column of what is drawn straight down, or straight up."""
    if node.part == "forward" and node.step != "weight":
        return "forward"
    return "backward" if re.match(r"(delta|s)\d", node.label) else ""


def _arrow(tail: Node, head: Node) -> str:
    if tail.part == "backward":  # written upside down, so that it is drawn upwards
        return f"{head.name} -> {tail.name} [dir=back, weight=4, {coloured('backward')}];"
    if head.part == "backward":
        look = f"constraint=false, style=dashed, {coloured('backward')}"
        return f"{tail.name} -> {head.name} [{look}];"
    weight = 1 if tail.part == "leaf" else 8
    return f"{tail.name} -> {head.name} [weight={weight}, {coloured('forward')}];"


def _stacked(
    column: Mapping[str, Sequence[Node]], edges: Sequence[Edge], *, is_backward: bool
) -> Iterator[str]:
    """Yields invisible edges: each cluster of a column is under the one before and its caption."""
    drawn = [(head, tail) if is_backward else (tail, head) for tail, head in edges]
    bottom: list[str] = []
    for caption, members in column.items():
        names = {node.name for node in members}
        inner = [(a, b) for a, b in drawn if a in names and b in names]
        top = names - {b for _, b in inner}
        yield from (f"{name} -> {caption} [style=invis];" for name in bottom)
        yield from (f"{caption} -> {name} [style=invis];" for name in sorted(top))
        bottom = sorted(names - {a for a, _ in inner})


def _level(nodes: Sequence[Node]) -> Iterator[str]:
    """Yields what puts delta1 at the height of z1, and so on."""
    names = {node.label.partition(" = ")[0]: node.name for node in nodes}
    for layer in range(1, max(node.layer for node in nodes)):
        yield f"{{ rank=same; {names[f'z{layer}']}; {names[f'delta{layer}']}; }}"
