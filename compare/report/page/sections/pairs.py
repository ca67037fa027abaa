"""All pairs as a matrix."""

from compare.numbers import count, number
from compare.report.document import (
    Json,
    bound_used,
    is_wrong,
    largest,
    letters_of,
    quantities,
    size_of,
)
from compare.report.page.markup import Cell, section, table


def pairs(report: Json) -> str:
    """Returns ulp and the share of the bound above the diagonal, errors below it."""
    letters = letters_of(report)
    known = {frozenset((pair["a"], pair["b"])): pair for pair in report["pairs"]}
    rows: list[list[str | Cell]] = []
    for i, row in enumerate(letters):
        cells: list[str | Cell] = [f"{letters[row]} {row}"]
        for j, column in enumerate(letters):
            if i == j:
                cells.append(Cell("—", "self"))
            else:
                cells.append(_cell(known[frozenset((row, column))], report, above=i < j))
        rows.append(cells)
    said = "Above the diagonal ulp and the share of the bound, below it max abs and max rel"
    return section("pairs", "Pairs", table(said, ["", *letters.values()], rows, "matrix"))


def _cell(pair: Json, report: Json, *, above: bool) -> Cell:
    text = _distance(pair, report) if above else _errors(pair)
    wrong = any(is_wrong(one) for one in quantities(pair, report))
    return Cell(f"✗ {text}", "wrong") if wrong else Cell(text, "")


def _distance(pair: Json, report: Json) -> str:
    used = bound_used(quantities(pair, report))
    return f"{count(_largest(pair, 'max_ulp'))} ulp, {used}"


def _errors(pair: Json) -> str:
    return ", ".join(number(_largest(pair, metric)) for metric in ("max_abs", "max_rel"))


def _largest(pair: Json, metric: str) -> float | None:
    """The largest in all parameters."""
    return max((largest(one, metric)[0] for one in pair["parameters"]), key=size_of)
