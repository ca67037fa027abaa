"""JAX's graph: the forward down one side and the backward up the other, layer beside layer."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from compare.graph.base import Edge, Graph, Node
from compare.graph.pictures.dot import STYLES, coloured, digraph, node_line, quoted


def jax_dot(graph: Graph, network: str) -> str:
    """Returns the text of the picture.

    Args:
      graph: of JAX.
      network: what it is called, for the title.
    """
    clusters = _clusters(graph.nodes)
    lines: list[str] = []
    for (layer, part), members in clusters.items():
        lines += _cluster(layer, part, members)
    nodes = {node.name: node for node in graph.nodes}
    lines += [_arrow(nodes[tail], nodes[head]) for tail, head in graph.edges]
    for part in ("forward", "backward"):
        column = [members for (_, side), members in clusters.items() if side == part]
        lines += _stacked(column, graph.edges)
    lines += _level(graph.nodes)
    title = f"{network}: {graph.title}\nforward goes down, backward goes up"
    return digraph("graph_jax", title, lines)


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
    title = quoted(f"layer {layer}, {part}" if layer else f"the loss, {part}")
    line = STYLES[part].line
    side = "r" if part == "forward" else "l"  # where fewer arrows cross it
    yield f"subgraph cluster_{part}_{layer} {{"
    yield f'  label={title}; labeljust={side}; fontcolor="{line}"; color="{line}"; style=rounded;'
    yield from (f"  {node_line(node, group=_column(node))}" for node in members)
    yield "}"


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


def _stacked(column: Sequence[Sequence[Node]], edges: Sequence[Edge]) -> Iterator[str]:
    """Yields invisible edges that keep each cluster of a column wholly under the one before."""
    for above, below in itertools.pairwise(column):
        upwards = above[0].part == "backward"
        drawn = [(head, tail) if upwards else (tail, head) for tail, head in edges]
        over, under = ([node.name for node in members] for members in (above, below))
        inner_over = {a for a, b in drawn if b in over}
        inner_under = {b for a, b in drawn if a in under}
        bottom = [name for name in over if name not in inner_over]
        top = [name for name in under if name not in inner_under]
        yield from (f"{a} -> {b} [style=invis];" for a, b in itertools.product(bottom, top))


def _level(nodes: Sequence[Node]) -> Iterator[str]:
    """Yields what puts delta1 at the height of z1, and so on."""
    names = {node.label.partition(" = ")[0]: node.name for node in nodes}
    for layer in range(1, max(node.layer for node in nodes)):
        yield f"{{ rank=same; {names[f'z{layer}']}; {names[f'delta{layer}']}; }}"
