"""Each parameter, the prediction and the loss, in the pair that differs most in it."""

from collections.abc import Mapping, Sequence

from compare.numbers import count, largest_known, number, share
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
from compare.report.page.markup import Cell, paragraph, section, table, told
from compare.report.words import PARAMETERS

Known = Sequence[tuple[Json, Json]]  # one quantity, in every pair that has it

_FEW = 0.01  # entries, as a share
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
        _vacuous(report),
    )


def _vacuous(report: Json) -> str:
    """Says where bounds prove nothing; empty where hardly any."""
    bounds = [one for pair in report["pairs"] for one in pair["parameters"]]
    entries = sum(one["bounded_entries"] for one in bounds)
    vacuous = sum(one["bounded_entries"] * one["vacuous_share"] for one in bounds) / entries
    if vacuous < _FEW:
        return ""
    return paragraph(
        f"In {share(vacuous)} of all entries what rounding can do end to end is more than the "
        "largest entry of the parameter in its sample: such a bound is vacuous, and proves nothing "
        "there. The certificates below prove each layer by itself.",
        "note",
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
