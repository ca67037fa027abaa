"""All pairs: as a matrix where there are many, and one row for each."""

import math

from compare.numbers import count, number
from compare.report.document import Json, bound_used, furthest, is_wrong, letters_of, quantities
from compare.report.labels import METRICS, pair_label
from compare.report.page.markup import Cell, folded, section, table, told
from compare.report.words import MATRIX, PAIRS

_FEW = 3  # implementations, whose pairs are seen at a glance without a matrix
_SHORT = 10  # rows that need not be folded away
_DIGITS = {
    "significant_5_numeric": "5 digits by value",
    "significant_5_text": "5 digits as text",
    "decimals_7_numeric": "7 decimals by value",
    "decimals_7_text": "7 decimals as text",
}


def pairs(report: Json) -> str:
    """Returns how far any two are apart."""
    each = told(PAIRS.of("digits"), _each(report))
    if len(report["pairs"]) > _SHORT:
        each = folded(f"Each of the {len(report['pairs'])} pairs", each)
    return section("pairs", "Pairs", _matrix(report), each)


def _matrix(report: Json) -> str:
    letters = letters_of(report)
    if len(letters) <= _FEW:
        return ""
    known = {frozenset((pair["a"], pair["b"])): pair for pair in report["pairs"]}
    rows: list[list[str | Cell]] = []
    for i, row in enumerate(letters):
        cells: list[str | Cell] = [f"{letters[row]} {row}"]
        for j, column in enumerate(letters):
            pair = known.get(frozenset((row, column)))
            metric = "max_abs" if i < j else "max_rel"
            cells.append(Cell("—", "self") if pair is None else _cell(pair, report, metric))
        rows.append(cells)
    return told(MATRIX, table("Any two", ["", *map(Cell, letters.values())], rows, "matrix"))


def _cell(pair: Json, report: Json, metric: str) -> Cell:
    text = number(_largest(pair, metric))
    return Cell(f"✗ {text}", "n wrong") if _differs(pair, report) else Cell(text)


def _each(report: Json) -> str:
    letters = letters_of(report)
    head = ["", "rounding used", *METRICS.values(), *_DIGITS.values()]
    rows: list[list[str | Cell]] = []
    for pair in report["pairs"]:
        used, wrong = bound_used(quantities(pair, report)), _differs(pair, report)
        name = f"{pair_label(letters, pair['a'], pair['b'])} {pair['a']} ~ {pair['b']}"
        rows.append(
            [
                name,
                Cell(f"✗ {used}", "n wrong") if wrong else Cell(used),
                *(Cell(number(_largest(pair, metric))) for metric in ("max_abs", "max_rel")),
                Cell(count(_largest(pair, "max_ulp"))),
                *(Cell(_agreeing(pair, rule)) for rule in _DIGITS),
            ]
        )
    return table("Every pair", ["", *map(Cell, head[1:])], rows)


def _differs(pair: Json, report: Json) -> bool:
    return any(is_wrong(one) for one in quantities(pair, report))


def _largest(pair: Json, metric: str) -> float | None:
    """The largest in all parameters."""
    found = furthest([pair], metric)
    return None if found is None else found.value


def _agreeing(pair: Json, rule: str) -> str:
    """Returns '58%', rounded down: only all are 100%, and only none 0%; '-' of no numbers."""
    largest = _largest(pair, "max_abs")
    if largest is None or not math.isfinite(largest):
        return "-"
    share = pair["digits"][rule]["samples"]
    hundredths = math.floor(100 * share + 1e-9)
    return "<1%" if share and not hundredths else f"{hundredths}%"
