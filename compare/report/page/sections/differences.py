"""Differences that rounding does not explain."""

from compare.numbers import number
from compare.report.document import Json, bound_used, is_wrong, largest, place_of, quantities
from compare.report.page.markup import Cell, paragraph, table

_MOST_ROWS = 24  # of pairs and quantities: a wrong one is wrong in many


def differences(report: Json) -> str:
    """Returns a table of the first ones; empty if there are none."""
    wrong = [
        (pair, one) for pair in report["pairs"] for one in quantities(pair, report) if is_wrong(one)
    ]
    if not wrong:
        return ""
    lost = any(one["nonfinite_differ"] for _, one in wrong)  # only then there are columns for it
    head: list[str | Cell] = ["pair", "of", *((Cell("not finite on one side"), "first at") * lost)]
    head += [Cell("rounding used"), Cell("max abs"), "at"]
    more = paragraph(f"The first {_MOST_ROWS} of {len(wrong)}:") if len(wrong) > _MOST_ROWS else ""
    rows = [_row(pair, one, lost=lost) for pair, one in wrong[:_MOST_ROWS]]
    return more + table("Differences", head, rows)


def _row(pair: Json, one: Json, *, lost: bool) -> list[str | Cell]:
    nonfinite = (Cell(f"{one['nonfinite_differ']:,}"), place_of(one["first_nonfinite_at"]))
    value, at = largest(one, "max_abs")
    return [
        f"{pair['a']} ~ {pair['b']}",
        one["name"],
        *(nonfinite * lost),
        Cell(bound_used([one]), "n wrong"),
        Cell(number(value)),
        place_of(at),
    ]
