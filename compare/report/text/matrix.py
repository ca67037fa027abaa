"""The largest differences between any two as one matrix, where there are more than a few pairs."""

from collections.abc import Mapping

from compare.evidence.differences.pairs import Pair
from compare.numbers import number
from compare.results import Report, worst_of

_FEW = 3  # implementations, whose three pairs are seen at a glance anyway


def format_matrix(report: Report, letters: Mapping[str, str]) -> str:
    """Returns a matrix, max abs above its diagonal and max rel below; empty for a few pairs."""
    names = [one.name for one in report.implementations]
    if len(names) <= _FEW:
        return ""
    pairs = {frozenset((pair.a, pair.b)): pair for pair in report.pairs}
    rows = [
        " " * 2 + "".join(f"{letters[name]:>9}" for name in names),
    ]
    for i, row in enumerate(names):
        cells = []
        for j, column in enumerate(names):
            metric = "max_abs" if i < j else "max_rel"
            cells.append("." if i == j else _cell(pairs[frozenset((row, column))], metric))
        rows.append(f"{letters[row]:<2}{''.join(f'{cell:>9}' for cell in cells)}")
    return "\n".join(rows)


def _cell(pair: Pair, metric: str) -> str:
    found = worst_of([pair], metric)
    return number(found.worst.value if found else None)
