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
    used: float  # the largest share of an allowance


def format_largest(report: Report, *, paint: Paint) -> str:
    """Returns a row for each parameter, the prediction and the loss: the ten that use most."""
    known = max((pair.quantities for pair in report.pairs), key=len)
    rows = [_row(report, one.name, one.shape) for one in known]
    shown = sorted(sorted(range(len(rows)), key=lambda i: -rows[i].used)[:_MOST_ROWS])
    head = (
        f"{'':<6}{'shape':<9}{'max abs':>8} {'at sample':<16}{'max rel':>8}{'ulp':>8}"
        f"{'rounding used':>16}"
    )
    lines = [head, *(_line(rows[i], paint) for i in shown)]
    if len(shown) < len(rows):
        lines.append(f"and {len(rows) - len(shown)} more that use less: --verbose shows them")
    return "\n".join(lines)


def _row(report: Report, name: str, shape: Sequence[int]) -> _Row:
    found = [worst_of(report.pairs, metric, name) for metric in ("max_abs", "max_rel", "max_ulp")]
    values = [None if one is None else one.worst.value for one in found]
    ratios = [b.worst_ratio for p in report.pairs for b in p.bounds if b.name == name]
    first = found[0]
    finite = first is None or math.isfinite(first.worst.value)
    used = max(ratios, default=0.0) if finite else math.inf
    at = ""
    if first is not None and first.worst.value:
        at = place(first.worst.sample, first.worst.index)
    cells = (
        short_quantity(name),
        "x".join(map(str, shape)) or "1",
        number(values[0]),
        number(values[1]),
        short_count(values[2]),
        "-" if not ratios or not finite else share(used),
        at,
    )
    return _Row(cells, used)


def _line(row: _Row, paint: Paint) -> str:
    name, shape, largest, relative, ulp, used, at = row.cells
    shown = f"{used:>16}"
    return (
        f"{name:<6}{shape:<9}{largest:>8} {at:<16}{relative:>8}{ulp:>8}"
        f"{paint(shown, 'bad') if row.used > 1 else shown}"
    )
