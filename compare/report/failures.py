"""The parameters that fail, as a table for the message of an assertion."""

import math
from collections.abc import Iterator

from compare.evidence.differences.metrics import Comparison
from compare.evidence.differences.pairs import Pair
from compare.numbers import counted, number, share
from compare.report.labels import place, short_quantity
from compare.results import Report


def format_failures(report: Report, *, most_rows: int) -> str:
    """Returns one row for every quantity of which rounding does not explain a difference.

    An implementation whose certificate failed is held against the first one whose did not; without
    any, every pair is shown. Empty where no single difference is too large.

    Args:
      report: what was found.
      most_rows: how many lines there may be at most, 3 or more.
    """
    rows = [row for pair in _telling_pairs(report) for row in _rows(pair)]
    if not rows:
        return ""
    head = f"{'':<8}{'max abs':>8} {'at sample':<18}{'ulp':>9} {'rounding used':>13}"
    left = len(rows) + 1 - most_rows
    if left > 0:
        rows[most_rows - 2 :] = [f"and {counted(left + 1, 'line')} more"]
    return "\n".join([head, *rows])


def _telling_pairs(report: Report) -> Iterator[Pair]:
    failed = {one.name for one in report.implementations if one.certificate.failed}
    sound = [one.name for one in report.implementations if one.name not in failed]
    for pair in report.pairs:
        if not failed or not sound or ({pair.a, pair.b} & failed and sound[0] in (pair.a, pair.b)):
            yield pair


def _rows(pair: Pair) -> Iterator[str]:
    bounds = {bound.name: bound.worst_ratio for bound in pair.bounds}
    title = [f"{pair.a} ~ {pair.b}"]
    for found in pair.quantities:
        bound = bounds[found.name]
        if bound <= 1 and not found.nonfinite_differ:
            continue
        yield from title  # above the first row alone
        title = []
        label = f"  {short_quantity(found.name)}"
        yield f"{label:<8}{_nonfinite(found) or _measured(found, bound)}"


def _nonfinite(found: Comparison) -> str:
    """What stands on one side alone, NaN or infinity, and how often; empty if nothing does."""
    first, count = found.first_nonfinite, found.nonfinite_differ
    if not count or first is None:
        return ""
    value = first.b if math.isfinite(first.a) else first.a
    where = place(first.sample, first.index)
    return f"{value:>8} {where:<18} in {count:,} of {found.entries:,} entries"


def _measured(found: Comparison, bound: float) -> str:
    most = found.max_abs
    value = number(most.value if most else None)
    where = place(most.sample, most.index) if most else ""
    ulp = f"{found.max_ulp.value:.3g}" if found.max_ulp else "-"
    return f"{value:>8} {where:<18}{ulp:>9} {share(bound):>13}"
