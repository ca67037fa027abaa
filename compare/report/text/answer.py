"""The answer on a terminal: the verdict, what it is of, and three numbers."""

from collections.abc import Iterable, Sequence

from compare.report.answer import MARKS, Figure, compared_of, figures_of, judged_of, remarks_of
from compare.report.document import Json
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped

COLUMN = 20  # of what stands beside a label


def format_verdict(report: Json, *, width: int, paint: Paint) -> str:
    """Returns the verdict with its mark, and what is to be known of it, a sentence each."""
    head = f"{MARKS[report['verdict']]} {report['verdict']}"
    said = wrapped(f"{head}: {report['headline']}.", width, indent=2)
    kind = "good" if report["verdict"] == "agree" else "bad"
    notes = [f"  - {one}" for one in remarks_of(report)]
    return "\n".join(
        [
            paint(head, kind) + said.removeprefix(head),
            *(wrapped(one, width, indent=4) for one in notes),
        ]
    )


def format_numbers(report: Json, told: Sequence[tuple[str, str]], *, width: int) -> str:
    """Returns what was compared, who is right, and the three numbers with their places.

    Args:
      report: parsed report.json.
      told: (label, text) of what else was asked for.
      width: of a line.
    """
    rows = [
        ("compared", compared_of(report)),
        *judged_of(report),
        *map(row_of, figures_of(report)),
        *told,
    ]
    return format_rows(rows, width=width)


def format_rows(rows: Iterable[tuple[str, str]], *, width: int) -> str:
    """Returns texts, each beside its label."""
    return "\n".join(
        wrapped(f"{label:<{COLUMN}}{said}", width, indent=COLUMN) for label, said in rows
    )


def row_of(figure: Figure) -> tuple[str, str]:
    """Returns one of the numbers beside its label."""
    parts = (
        ", ".join(filter(None, (f"{part.value} {part.of}".strip(), part.place)))
        for part in figure.parts
    )
    return figure.label, "; ".join(parts)
