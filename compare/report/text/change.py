"""What has moved since a baseline, as a table for a terminal."""

from compare.numbers import number, ratio, short_count
from compare.report.text.lines import wrapped
from compare.results import Change, Drift


def format_change(change: Change, *, width: int) -> str:
    """Returns one row for each implementation, below the versions that differ."""
    said = ", ".join(
        f"{package} {then or 'none'} -> {now or 'none'}"
        for package, (then, now) in change.versions.items()
    )
    title = f"Since the baseline {change.path}: {said or 'the same versions'}"
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
    largest = max((c.max_abs.value for c in compared if c.max_abs is not None), default=0.0)
    ulp = max((c.max_ulp.value for c in compared if c.max_ulp is not None), default=0)
    bound = max(b.worst_ratio for b in drift.pair.bounds)
    then = "" if drift.certified_then is None else f"{drift.certified_then} -> "
    return (
        f"{drift.implementation:<18}{moved:>23}{number(largest):>8}{short_count(ulp):>6}"
        f"{ratio(bound):>8}"
        f"{f'{then}{drift.certified_now}':>17}"
    )
