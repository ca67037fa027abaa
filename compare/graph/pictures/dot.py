"""DOT, the text that Graphviz draws: how nodes of each part look, and what stands in them."""

import html
import textwrap
from collections.abc import Iterable, Sequence
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


class Key(NamedTuple):
    """One entry of a legend."""

    text: str
    part: str  # whose look it has
    arrow: str = ""  # drawn in the place of a box


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
    'bgcolor="white"; fontname="Helvetica"; fontsize=12; labelloc=t;',
    "newrank=true; nodesep=0.2; ranksep=0.35;",
    'node [fontname="Helvetica", fontsize=13, margin="0.1,0.05", penwidth=1.5];',
    'edge [fontname="Helvetica", fontsize=11, arrowsize=0.7, penwidth=1.2];',
)


def digraph(name: str, title: str, legend: Sequence[Key], lines: Iterable[str]) -> str:
    """Returns a whole text, with what its boxes and arrows mean under the title."""
    keys = "".join(map(_key, legend))
    inner = f'<table border="0" cellspacing="6" cellpadding="3"><tr>{keys}</tr></table>'
    heading = f'<font point-size="15">{html.escape(title)}</font>'
    rows = f"<tr><td>{heading}</td></tr><tr><td>{inner}</td></tr>"
    table = f'<table border="0" cellspacing="0" cellpadding="2">{rows}</table>'
    body = [*_HEAD, f"label=<{table}>;", *lines]
    return "\n".join([f"digraph {name} {{", *(f"  {line}" for line in body), "}"]) + "\n"


def _key(key: Key) -> str:
    """Draws one entry of a legend: a box of that look, or an arrow and words."""
    text, style = html.escape(key.text), STYLES[key.part]
    if key.arrow:
        arrow = f'<font color="{style.line}"><b>{key.arrow}</b></font>'
        return f'<td border="0">{arrow} {text}</td>'
    edge = "dashed,rounded" if "dashed" in style.style else "solid"
    look = f'border="1" color="{style.line}" bgcolor="{style.fill}" style="{edge}"'
    return f"<td {look}>{text}</td>"


def node_line(node: Node, *, group: str = "") -> str:
    """Returns what draws one node; those of a group stand in one column where they can."""
    lines = []
    if node.formula not in ("", node.label):
        lines += textwrap.wrap(f"= {node.formula}", _WIDTH, break_long_words=False)
    lines.append(f"{what(node)} {shape_text(node.shape)}")
    lines += [f"in {node.own}"] * (node.part != "leaf" and bool(node.own))
    lines += [f"takes {node.gradient}"] * says_more(node)
    column = f', group="{group}"' if group else ""
    text = stacked([label(node), *map(small, lines)])
    return f"{node.name} [label=<{text}>, {looks(node.part, node.explanation)}{column}];"


def what(node: Node) -> str:
    """Returns what torch or JAX calls a node; of a parameter with a name of its own, our name."""
    return node.label if node.part == "leaf" and node.own not in ("", node.label) else node.kind


def says_more(node: Node) -> bool:
    """Whether the gradient that a node takes has a name that its label does not say."""
    its = f"dL/d({node.label})", f"dL/d{node.label}"
    return node.gradient not in ("", node.label, *its)


def label(node: Node, *, formula: str = "") -> str:
    """Returns the label in bold, and the name by which tables call the node."""
    name = f'<font point-size="9" color="#595959">{node.name}</font>'
    called = node.own if node.part == "leaf" and node.own else node.label
    return f"<b>{html.escape(called)}</b>{html.escape(formula)} {name}"


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
