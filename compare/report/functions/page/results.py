"""Outputs and gradients of every candidate, as tables."""

from collections.abc import Iterable

from compare.numbers import count, number
from compare.report.document import Json
from compare.report.functions.document import Result, most_telling, results_of, used_of
from compare.report.labels import shape_text
from compare.report.page.markup import Cell, folded, heading, paragraph, section, table, told
from compare.report.words import RESULTS

_MOST = 24  # rows before the others are folded away
_WORDS = ("reference", "max abs", "max rel", "ulp")
_HEAD: tuple[str | Cell, ...] = (
    *("", "kind", "shape"),
    *map(Cell, ("rounding used", "max abs", "reference", "max rel", "ulp")),
)


def results(report: Json, *, most: int = _MOST, is_whole: bool = True) -> str:
    """Returns a row for each output and gradient of each candidate.

    Args:
      report: parsed report.json.
      most: how many rows of a candidate are shown, those that matter most.
      is_whole: whether the others can be unfolded, or are only counted.
    """
    tables = "".join(_titled(one, report, most, is_whole=is_whole) for one in report["candidates"])
    return section("results", "Outputs and gradients", told(RESULTS.of(*_WORDS), tables))


def _titled(standing: Json, report: Json, most: int, *, is_whole: bool) -> str:
    every = results_of(standing, report["reference"])
    if not every:
        return ""
    title = heading(standing["name"]) if len(report["candidates"]) > 1 else ""
    shown, left = most_telling(every, most)
    more = f"and {len(left):,} more that use less of what rounding can do"
    rest = folded(more, _table(standing, left)) if is_whole else paragraph(more, "note")
    return title + _table(standing, shown) + (rest if left else "")


def _table(standing: Json, results: Iterable[Result]) -> str:
    return table(f"Outputs and gradients of {standing['name']}", _HEAD, map(_row, results))


def _row(result: Result) -> list[str | Cell]:
    check, used = result.check, used_of(result.check)
    end, own = result.end or {}, result.own or {}
    return [
        check["name"],
        check["kind"],
        shape_text(check["shape"], "×"),
        Cell(used) if check["holds"] else Cell(f"✗ {used}", "n wrong"),
        Cell(number(end.get("difference"))),
        Cell(number(own.get("difference"))),
        Cell(number(end.get("max_rel"))),
        Cell(count(end.get("ulp"))),
    ]
