"""Every parameter in one row: how far apart any two are, and how much of rounding that uses."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from compare.numbers import number, share, short_count
from compare.report.labels import place, short_quantity
from compare.report.text.colours import Paint
from compare.results import Report, worst_of

_MOST_ROWS = 10  # with the head and a last line, twelve


class _Row(NamedTuple):
    cells: tuple[str, ...]
    is_wrong: bool  # more than rounding explains
    apart: float  # relatively


def format_largest(report: Report, *, paint: Paint) -> str:
    """Returns a row for each parameter, the prediction and the loss: the ten that differ most."""
    known = max((pair.quantities for pair in report.pairs), key=len)
    rows = [_row(report, one.name, one.shape) for one in known]
    furthest = sorted(range(len(rows)), key=lambda i: (rows[i].is_wrong, rows[i].apart))
    shown = sorted(furthest[-_MOST_ROWS:])
    head = (
        f"{'':<6}{'shape':<9}{'max abs':>8} {'at sample':<16}{'max rel':>8}{'ulp':>8}"
        f"{'rounding used':>16}"
    )
    lines = [head, *(_line(rows[i], paint) for i in shown)]
    if len(shown) < len(rows):
        lines.append(f"and {len(rows) - len(shown)} more that differ less: --verbose shows them")
    return "\n".join(lines)


def _row(report: Report, name: str, shape: Sequence[int]) -> _Row:
    found = [worst_of(report.pairs, metric, name) for metric in ("max_abs", "max_rel", "max_ulp")]
    values = [None if one is None else one.worst.value for one in found]
    bounds = [b for p in report.pairs for b in p.bounds if b.name == name]
    ratios = [b.worst_ratio for b in bounds if b.vacuous < b.entries or b.worst_ratio > 1]
    first = found[0]
    finite = first is None or math.isfinite(first.worst.value)
    at = used = ""
    if bounds:
        used = share(max(ratios)) if ratios else "no bound"
    if first is not None and first.worst.value:
        at = place(first.worst.sample, first.worst.index)
    cells = (
        short_quantity(name),
        "x".join(map(str, shape)) or "1",
        number(values[0]),
        number(values[1]),
        short_count(values[2]),
        used if finite else "-",
        at,
    )
    is_wrong = not finite or max(ratios, default=0.0) > 1
    return _Row(cells, is_wrong, math.inf if not finite else values[1] or 0.0)


def _line(row: _Row, paint: Paint) -> str:
    name, shape, largest, relative, ulp, used, at = row.cells
    shown = f"{used:>16}"
    return (
        f"{name:<6}{shape:<9}{largest:>8} {at:<16}{relative:>8}{ulp:>8}"
        f"{paint(shown, 'bad') if row.is_wrong else shown}"
    )
