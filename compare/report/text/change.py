"""What has moved since a baseline, as a table for a terminal."""

import math

from compare.numbers import number, ratio, short_count
from compare.report.labels import changes_of
from compare.report.text.lines import wrapped
from compare.results import Change, Drift, worst_of


def format_change(change: Change, *, width: int) -> str:
    """Returns one row for each implementation, below the versions that differ."""
    said = changes_of(change.versions, change.settings)
    title = f"Since the baseline {change.path}: {said}"
    rows = [
        wrapped(title, width),
        "",
        f"{'':<18}{'entries moved':>23}{'max abs':>8}{'ulp':>6}{'bound':>8}{'certified':>17}",
        *map(_row, change.drifts),
    ]
    alone = {"the baseline": change.only_then, "this run": change.only_now}
    for where, names in alone.items():
        if names:
            rows += ["", wrapped(f"Only in {where}: {', '.join(names)}.", width)]
    return "\n".join(rows)


def _row(drift: Drift) -> str:
    compared = drift.pair.parameters
    moved = f"{drift.moved} of {sum(comparison.entries for comparison in compared)}"
    found = [worst_of([drift.pair], metric) for metric in ("max_abs", "max_ulp")]
    largest, ulp = (None if one is None else one.worst.value for one in found)
    bound = "-"  # of a distance that is no number
    if largest is not None and math.isfinite(largest):
        bound = ratio(max(b.worst_ratio for b in drift.pair.bounds))
    then = "" if drift.certified_then is None else f"{drift.certified_then} -> "
    return (
        f"{drift.implementation:<18}{moved:>23}{number(largest):>8}{short_count(ulp):>6}"
        f"{bound:>8}"
        f"{f'{then}{drift.certified_now}':>17}"
    )
