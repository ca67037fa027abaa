"""The report of training runs on a terminal, in 80 columns: the answer first."""

from collections.abc import Iterator, Sequence

from compare.numbers import number, share
from compare.report.document import Json
from compare.report.labels import shortened
from compare.report.text.answer import COLUMN, format_rows, format_verdict, row_of
from compare.report.text.colours import painted, plainly
from compare.report.training.answer import LONGEST, figures_of, standings_of, title_of
from compare.report.training.sparkline import sparkline
from compare.report.training.write import report_to_dict
from compare.steps.results import StepsReport

_MOST_ROWS = 8
_HEAD = ("step", "loss", "gradients", "update", "apart", "rounding")


def format_report(report: StepsReport, *, width: int = 80, colours: bool = False) -> str:
    """Returns the report: the verdict, what it rests on, and the steps.

    Args:
      report: what was found.
      width: of a line.
      colours: whether to colour the verdict, for a terminal.
    """
    known, paint = report_to_dict(report), painted if colours else plainly
    rows = [("compared", title_of(known)), *standings_of(known), *map(row_of, figures_of(known))]
    parts = [
        format_verdict(known, width=width, paint=paint),
        format_rows(((label[: COLUMN - 1], said) for label, said in rows), width=width),
        *(_steps(one, width, several=len(known["candidates"]) > 1) for one in known["candidates"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _steps(standing: Json, width: int, *, several: bool) -> str:
    steps = standing["steps"]
    title = [f"{shortened(standing['name'], LONGEST)}:"] if several else []
    room = width - COLUMN
    lines = [
        f"{'rounding used, ' + what:<{COLUMN + 5}}{sparkline([s[key] for s in steps], room - 5)}"
        for what, key in (("gradients", "gradients"), ("updates", "update"))
    ]
    return "\n".join([*title, *lines, *_table([_row(one) for one in chosen(standing)])])


def chosen(standing: Json) -> list[Json]:
    """Returns the steps that a table shows: the ends, and those around the first that fails."""
    steps, first = standing["steps"], standing["first"]
    around = range(first - 2, first + 2) if first is not None else range(3)
    numbers = sorted({0, *around, len(steps) // 2, len(steps) - 1})
    return [steps[i] for i in numbers if 0 <= i < len(steps)][:_MOST_ROWS]


def _row(step: Json) -> tuple[str, ...]:
    mark = {"agree": "", "disagree": "✗ ", "undecided": "? "}[step["verdict"]]
    loss = step["loss"]
    return (
        f"{mark}{step['number']:,}",
        loss if isinstance(loss, str) else f"{loss:.6g}",
        share(step["gradients"]),
        share(step["update"]),
        number(step["apart"]),
        number(step["rounding"]),
    )


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    for row in (_HEAD, *rows):
        yield "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
