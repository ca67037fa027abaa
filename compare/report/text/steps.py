"""The failed sample step by step, as a table for a terminal."""

from collections.abc import Sequence

from compare.report.steps import Row, rows_of, title_of
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped
from compare.results import Report


def format_steps(report: Report, *, width: int, paint: Paint) -> str:
    """Returns it of the first implementation that failed; empty where no step is known."""
    for one in report.implementations:
        first, explanation = one.certificate.first_failure, one.explanation
        if first is not None and explanation is not None and explanation.steps:
            title = wrapped(f"{title_of(first.sample, one.name)}:", width)
            return "\n".join([title, *_lines(rows_of(explanation.steps), paint)])
    return ""


def _lines(rows: Sequence[Row], paint: Paint) -> list[str]:
    head = Row("", "theirs", "ours", "")
    label, theirs, ours, _ = (max(map(len, column)) for column in zip(head, *rows, strict=True))
    return [
        f"  {row.entry:<{label}}  {row.theirs:>{theirs}}  {row.ours:>{ours}}  "
        f"{paint(row.mark, 'bad') if row.mark == 'wrong' else row.mark}".rstrip()
        for row in (head, *rows)
    ]
