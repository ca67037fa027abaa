"""DOT, the text that Graphviz draws: how nodes of each part look, and what stands in them."""

import html
import textwrap
from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from compare.graph.base import Node, shape_text

_WIDTH = 30  # letters of a formula before it goes on in the next line


class Style(NamedTuple):
    """How a part looks."""

    shape: str
    style: str
    line: str
    fill: str


# Blue and vermilion are Okabe and Ito's, which colour-blind people can tell apart; so that colour
# is not all there is, backward has dashed round boxes.
STYLES = MappingProxyType(
    {
        "leaf": Style("ellipse", "filled", "#404040", "#F2F2F2"),
        "forward": Style("box", "filled", "#0072B2", "#DCEEFA"),
        "backward": Style("box", "filled,rounded,dashed", "#D55E00", "#FCE8D9"),
    }
)
_HEAD = (
    'bgcolor="white"; fontname="Helvetica"; fontsize=14; labelloc=t;',
    "newrank=true; nodesep=0.2; ranksep=0.35;",
    'node [fontname="Helvetica", fontsize=13, margin="0.1,0.05", penwidth=1.5];',
    'edge [fontname="Helvetica", fontsize=11, arrowsize=0.7, penwidth=1.2];',
)


def digraph(name: str, title: str, lines: Iterable[str]) -> str:
    """Returns a whole text."""
    heading = quoted(f"{title}\n ").replace("\n", "\\n")
    body = [*_HEAD, f"label={heading};", *lines]
    return "\n".join([f"digraph {name} {{", *(f"  {line}" for line in body), "}"]) + "\n"


def node_line(node: Node, *, group: str = "") -> str:
    """Returns what draws one node; those of a group stand in one column where they can."""
    lines = []
    if node.formula not in ("", node.label):
        lines += textwrap.wrap(f"= {node.formula}", _WIDTH)
    lines.append(f"{node.kind} {shape_text(node.shape)}")
    if node.gradient not in ("", node.label):
        lines.append(f"takes {node.gradient}")
    column = f', group="{group}"' if group else ""
    text = stacked([label(node), *map(small, lines)])
    return f"{node.name} [label=<{text}>, {looks(node.part, node.explanation)}{column}];"


def label(node: Node, *, formula: str = "") -> str:
    """Returns the label in bold, and the name by which tables call the node."""
    name = f'<font point-size="9" color="#595959">{node.name}</font>'
    return f"<b>{html.escape(node.label)}</b>{html.escape(formula)} {name}"


def stacked(lines: Iterable[str]) -> str:
    """Returns lines with some air between them."""
    rows = "".join(f"<tr><td>{line}</td></tr>" for line in lines)
    return f'<table border="0" cellspacing="0" cellpadding="1">{rows}</table>'


def looks(part: str, explanation: str) -> str:
    """Returns the attributes of a node of this part; the explanation shows under the mouse."""
    shape, style, line, fill = STYLES[part]
    return (
        f'shape={shape}, style="{style}", color="{line}", fillcolor="{fill}", '
        f"tooltip={quoted(explanation)}"
    )


def small(text: str) -> str:
    """Returns text in smaller letters."""
    return f'<font point-size="11">{html.escape(text)}</font>'


def coloured(part: str) -> str:
    """Returns the attribute of an arrow of this part."""
    return f'color="{STYLES[part].line}"'


def quoted(text: str) -> str:
    """Returns text as a string of DOT."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
