"""The answer: what was compared, the verdict, who is right, and three numbers."""

from collections.abc import Iterable

from compare.report.answer import (
    MARKS,
    Figure,
    Part,
    compared_of,
    figures_of,
    judged_of,
    remarks_of,
)
from compare.report.document import Json
from compare.report.page.markup import definitions, escaped, paragraph, prose


def headline(report: Json) -> str:
    """Returns the head of the page."""
    return header(f"Gradients of {compared_of(report)}", _below(report))


def answer(report: Json) -> str:
    """Returns the same without a heading, for where something stands around it."""
    return paragraph(f"Gradients of {compared_of(report)}", "note") + _below(report)


def header(title: str, below: str) -> str:
    """Returns the head of a page under a title."""
    return f"<header><h1>{escaped(title)}</h1>\n{below}</header>"


def _below(report: Json) -> str:
    return below_title(report, judged_of(report), figures_of(report))


def below_title(report: Json, said: Iterable[tuple[str, str]], figures: Iterable[Figure]) -> str:
    """Returns the verdict, what is said of it, and numbers."""
    return f"{_verdict(report)}\n{definitions(said)}\n{_numbers(figures)}"


def _verdict(report: Json) -> str:
    """Returns the verdict in one sentence, and what is to be known of it, a sentence each."""
    said = report["verdict"]
    remarks = "".join(f"<li>{prose(one)}</li>" for one in remarks_of(report))
    return (
        f'<p class="verdict"><strong>{MARKS[said]} {escaped(said)}:</strong> '
        f"{prose(report['headline'])}.</p>" + (f"<ul>{remarks}</ul>" if remarks else "")
    )


def _numbers(figures: Iterable[Figure]) -> str:
    """Returns numbers, large, each with its place."""
    each = (
        f"<dt>{escaped(one.label)}</dt><dd>{''.join(map(_part, one.parts))}</dd>" for one in figures
    )
    return f'<div class="numbers">{"".join(f"<dl>{one}</dl>" for one in each)}</div>'


def _part(part: Part) -> str:
    value = f'<span class="value">{escaped(part.value)}</span> {escaped(part.of)}'
    place = f'<span class="place">{escaped(part.place)}</span>' if part.place else ""
    return f"<p>{value} {place}</p>"
