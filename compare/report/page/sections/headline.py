"""The answer: what was compared, the verdict, who is right, and three numbers."""

from compare.report.answer import MARKS, Part, compared_of, figures_of, judged_of, remarks_of
from compare.report.document import Json
from compare.report.page.markup import definitions, escaped


def headline(report: Json) -> str:
    """Returns the head of the page."""
    return (
        f"<header><h1>Gradients of {escaped(compared_of(report))}</h1>\n"
        f"{verdict(report)}\n{definitions(judged_of(report))}\n{numbers(report)}</header>"
    )


def verdict(report: Json) -> str:
    """Returns the verdict in one sentence, and what is to be known of it, a sentence each."""
    said = report["verdict"]
    remarks = "".join(f"<li>{escaped(one)}</li>" for one in remarks_of(report))
    return (
        f'<p class="verdict"><strong>{MARKS[said]} {escaped(said)}:</strong> '
        f"{escaped(report['headline'])}.</p>" + (f"<ul>{remarks}</ul>" if remarks else "")
    )


def numbers(report: Json) -> str:
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
