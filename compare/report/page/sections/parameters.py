"""Each parameter, the prediction and the loss, in the pair that differs most in it."""

from collections.abc import Mapping, Sequence

from compare.numbers import count, largest_known, number
from compare.report.document import (
    Json,
    bound_used,
    is_wrong,
    largest,
    letters_of,
    place_of,
    quantities,
    size_of,
)
from compare.report.labels import METRICS, pair_label
from compare.report.page.markup import Cell, section, table, told
from compare.report.words import PARAMETERS

Known = Sequence[tuple[Json, Json]]  # one quantity, in every pair that has it

_WORDS = ("rounding used", "max abs", "max rel", "ulp", "at", "scaled")


def parameters(report: Json) -> str:
    """Returns a table of one row for each, what matters most first."""
    letters = letters_of(report)
    found: dict[str, list[tuple[Json, Json]]] = {}
    for pair in report["pairs"]:
        for one in quantities(pair, report):
            found.setdefault(one["name"], []).append((pair, one))
    head: list[str | Cell] = ["", "shape", Cell("rounding used")]
    for title in METRICS.values():
        head += [Cell(title), "at"]
    rows = [_row(name, known, letters) for name, known in found.items()]
    return section(
        "parameters",
        "Parameters",
        told(PARAMETERS.of(*_WORDS), table("Parameters", [*head, Cell("scaled")], rows)),
    )


def _row(name: str, known: Known, letters: Mapping[str, str]) -> list[str | Cell]:
    used = bound_used([one for _, one in known])
    wrong = any(is_wrong(one) for _, one in known)
    cells: list[str | Cell] = [
        name,
        "×".join(map(str, known[0][1]["shape"])) or "1",
        Cell(f"✗ {used}", "n wrong") if wrong else Cell(used),
    ]
    for metric in METRICS:
        cells += _largest(metric, known, letters)
    finite = all(one["first_nonfinite_at"] is None for _, one in known)
    scaled = largest_known(one["scaled"] for _, one in known) if finite else None
    return [*cells, Cell(number(scaled))]


def _largest(metric: str, known: Known, letters: Mapping[str, str]) -> tuple[Cell, str]:
    """Returns how large, and where and between whom."""
    pair, one = max(known, key=lambda both: size_of(largest(both[1], metric)[0]))
    value, at = largest(one, metric)
    shown = count if metric == "max_ulp" else number
    if not value:
        return Cell(shown(value)), ""
    return Cell(shown(value)), f"{place_of(at)} {pair_label(letters, pair['a'], pair['b'])}"
