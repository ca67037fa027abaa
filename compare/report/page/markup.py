"""Pieces of HTML: tables that a screen reader can follow, figures, sections."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from compare.quoting import quoted
from compare.report.figures.drawing import Drawing
from compare.report.words import Caption


class Cell(NamedTuple):
    """One cell: a text, and the class of its element."""

    text: str
    kind: str = "n"


def escaped(text: object) -> str:
    """Makes any text safe between tags."""
    return html.escape(quoted(str(text)))


def prose(text: object) -> str:
    """The same of a sentence that has names in backticks, which become code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped(text))


def section(identity: str, title: str, *parts: str) -> str:
    """A section under a heading, or nothing if it has no parts."""
    body = "\n".join(part for part in parts if part)
    if not body:
        return ""
    return (
        f'<section aria-labelledby="{identity}-head" id="{identity}">'
        f'<h2 id="{identity}-head">{escaped(title)}</h2>\n{body}\n</section>'
    )


def heading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escaped(text)}</h3>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{_class(kind)}>{escaped(text)}</p>"


def caption(said: Caption) -> str:
    """What a table or figure below is of, and what its words mean."""
    words = "".join(
        f'<span class="word"><b>{escaped(word)}</b>: {escaped(means)}.</span> '
        for word, means in said.meanings()
    )
    each = f"{escaped(said.says)} {words}".replace(
        "|a - b|", "|a\u00a0\u2212\u00a0b|"
    )  # on one line
    return f'<p class="caption">{each}</p>'


def told(said: Caption, shown: str) -> str:
    """A table or a figure, and beside it or above it what its words mean."""
    return f'<div class="told">{caption(said)}<div>{shown}</div></div>' if shown else ""


def table(
    label: str, head: Sequence[str | Cell], rows: Iterable[Sequence[str | Cell]], kind: str = ""
) -> str:
    """A table in a box that scrolls by itself, for all but its first column.

    Args:
      label: what it is of, for those who hear it.
      head: the titles of its columns.
      rows: cells; the first of each is its head, and stays in sight.
      kind: the class of the table.
    """
    heads = "".join(_cell("th", one, "col") for one in head)
    body = "\n".join(
        f"<tr>{_cell('th', row[0], 'row')}{''.join(_cell('td', one) for one in row[1:])}</tr>"
        for row in rows
    )
    return (
        f'<div class="box" tabindex="0" role="region" aria-label="{escaped(label)}">'
        f'<table{_class(kind)} aria-label="{escaped(label)}">'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Terms, each with its text."""
    return f"<dl>{''.join(f'<dt>{escaped(k)}</dt><dd>{prose(v)}</dd>' for k, v in pairs)}</dl>"


def figure(drawing: Drawing, kind: str = "", *, natural: bool = False, said: str = "") -> str:
    """A figure; one of natural width scrolls in its box rather than become unreadable."""
    style = ""
    if natural:
        style = f' style="width:{1.15 * drawing.width:.0f}px;max-width:none"'
        if drawing.width <= 410:  # which a phone shows whole
            least, most = 0.85 * drawing.width, 1.3 * drawing.width
            style = f' style="width:{most:.0f}px;max-width:100%;min-width:{least:.0f}px"'
    svg = drawing.svg.replace("<svg ", f"<svg{style} ", 1)
    return (
        f"<figure{_class(kind)}><figcaption>{escaped(drawing.title)}</figcaption>"
        + (paragraph(said, "note") if said else "")
        + f'<div class="box" tabindex="0" role="group" aria-label="{escaped(drawing.title)}">'
        f"{svg}</div></figure>"
    )


def beside(*parts: str) -> str:
    """Parts side by side where there is room."""
    each = "".join(f"<div>{part}</div>" for part in parts if part)
    return f'<div class="beside">{each}</div>' if each else ""


def folded(summary: str, *parts: str) -> str:
    """What few need, behind a line to click; nothing if it has no parts."""
    body = "\n".join(part for part in parts if part)
    if not body:
        return ""
    return f"<details><summary>{escaped(summary)}</summary>\n{body}\n</details>"


def command(text: str) -> str:
    """A command to copy."""
    return f"<pre><code>{escaped(text)}</code></pre>"


def _cell(tag: str, cell: str | Cell, scope: str = "") -> str:
    one = cell if isinstance(cell, Cell) else Cell(cell, "")
    of = f' scope="{scope}"' if scope else ""
    return f"<{tag}{of}{_class(one.kind)}>{escaped(one.text)}</{tag}>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
