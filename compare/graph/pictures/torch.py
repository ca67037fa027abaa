"""torch's graph, drawn from the sample down to the loss."""

from compare.graph.base import Graph
from compare.graph.pictures.dot import Key, coloured, digraph, node_line

_LEGEND = (
    Key("parameter, sample or label", "leaf"),
    Key("made by the forward, and what comes back to it", "backward"),
    Key("goes in, and gets no gradient", "leaf", "&#8594;"),
    Key("the way of the gradients, up from the loss", "backward", "&#8594;"),
)


def torch_dot(graph: Graph, network: str) -> str:
    """Returns the text of the picture.

    Args:
      graph: of torch.
      network: what it is called, for the title.
    """
    nodes = {node.name: node for node in graph.nodes}
    lines = [node_line(node) for node in graph.nodes]
    for tail, head in graph.edges:
        if nodes[tail].step == "input":  # goes in, and gets no gradient
            lines.append(f"{tail} -> {head} [{coloured('leaf')}];")
        else:
            lines.append(f"{tail} -> {head} [dir=back, {coloured('backward')}];")
    return digraph("graph_torch", f"{network}: {graph.title}", _LEGEND, lines)
