"""The answer: what was compared, the verdict, who is right, and three numbers."""

from compare.report.answer import MARKS, Part, compared_of, figures_of, judged_of, remarks_of
from compare.report.document import Json
from compare.report.page.markup import definitions, escaped, paragraph


def headline(report: Json) -> str:
    """Returns the head of the page."""
    title = f"Gradients of {compared_of(report)}"
    return f"<header><h1>{escaped(title)}</h1>\n{_below(report)}</header>"


def answer(report: Json) -> str:
    """Returns the same without a heading, for where something stands around it."""
    return paragraph(f"Gradients of {compared_of(report)}", "note") + _below(report)


def _below(report: Json) -> str:
    return f"{_verdict(report)}\n{definitions(judged_of(report))}\n{_numbers(report)}"


def _verdict(report: Json) -> str:
    """Returns the verdict in one sentence, and what is to be known of it, a sentence each."""
    said = report["verdict"]
    remarks = "".join(f"<li>{escaped(one)}</li>" for one in remarks_of(report))
    return (
        f'<p class="verdict"><strong>{MARKS[said]} {escaped(said)}:</strong> '
        f"{escaped(report['headline'])}.</p>" + (f"<ul>{remarks}</ul>" if remarks else "")
    )


def _numbers(report: Json) -> str:
    """Returns the three numbers, large, each with its place."""
    each = (
        f"<dt>{escaped(one.label)}</dt><dd>{''.join(map(_part, one.parts))}</dd>"
        for one in figures_of(report)
    )
    return f'<div class="numbers">{"".join(f"<dl>{one}</dl>" for one in each)}</div>'


def _part(part: Part) -> str:
    value = f'<span class="value">{escaped(part.value)}</span> {escaped(part.of)}'
    place = f'<span class="place">{escaped(part.place)}</span>' if part.place else ""
    return f"<p>{value} {place}</p>"
