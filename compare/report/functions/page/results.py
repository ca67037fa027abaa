"""Outputs and gradients of every candidate, as tables."""

from compare.numbers import count, number
from compare.report.document import Json
from compare.report.functions.document import (
    counterpart,
    most_telling,
    results_of,
    used_of,
)
from compare.report.labels import shape_text
from compare.report.page.markup import Cell, heading, paragraph, section, table, told
from compare.report.words import CHECKS

_WORDS = ("max abs", "max rel", "ulp", "reference")
_HEAD: tuple[str | Cell, ...] = (
    *("", "", "shape"),
    *map(Cell, ("rounding used", "reference", "max abs", "max rel", "ulp")),
)


def results(report: Json, *, most: int | None = None) -> str:
    """Returns a row for each output and gradient of each candidate, or for those that matter most.

    Args:
      report: parsed report.json.
      most: how many rows of a candidate there may be; None for all.
    """
    tables = "".join(_titled(one, report, most) for one in report["candidates"] if results_of(one))
    return section("results", "Outputs and gradients", told(CHECKS.of(*_WORDS), tables))


def _titled(standing: Json, report: Json, most: int | None) -> str:
    title = heading(standing["name"]) if len(report["candidates"]) > 1 else ""
    every = results_of(standing)
    shown, left = most_telling(every, len(every) if most is None else most)
    rows = [_row(one, report["reference"]) for one in shown]
    more = paragraph(f"... and {len(left):,} more that use less of it", "note") if left else ""
    return title + table(f"Outputs and gradients of {standing['name']}", _HEAD, rows) + more


def _row(check: Json, reference: Json) -> list[str | Cell]:
    used = used_of(check)
    return [
        check["name"],
        check["kind"],
        shape_text(check["shape"], "×"),
        Cell(used) if check["holds"] else Cell(f"✗ {used}", "n wrong"),
        Cell(used_of(counterpart(reference, check))),
        Cell(number(check["difference"])),
        Cell(number(check["max_rel"])),
        Cell(count(check["ulp"])),
    ]
