"""What has moved since a baseline, as a table for a terminal."""

import textwrap

from compare.report.base import Change, Drift


def format_change(change: Change, *, width: int) -> str:
    """Returns one row for each implementation, below the versions that differ."""
    said = ", ".join(f"{k} {then} -> {now}" for k, (then, now) in change.versions.items())
    title = f"Since the baseline {change.path}: {said or 'the same versions'}"
    rows = [
        textwrap.fill(title, width, break_on_hyphens=False),
        "",
        f"{'':<26}{'entries moved':>21}{'max abs':>9}{'ulp':>8}{'bound':>7}{'certified':>12}",
        *map(_row, change.drifts),
    ]
    return "\n".join(rows)


def _row(drift: Drift) -> str:
    compared = drift.pair.parameters
    entries = sum(comparison.entries for comparison in compared)
    moved = f"{drift.moved:,} of {entries:,}"
    largest = max((c.max_abs.value for c in compared if c.max_abs is not None), default=0.0)
    ulp = max((c.max_ulp.value for c in compared if c.max_ulp is not None), default=0)
    bound = max(b.worst_ratio for b in drift.pair.bounds)
    then = "" if drift.certified_then is None else f"{drift.certified_then} -> "
    return (
        f"{drift.implementation:<26}{moved:>21}{_short(largest):>9}{ulp:>8}{bound:>7.2g}"
        f"{f'{then}{drift.certified_now}':>12}"
    )


def _short(value: float) -> str:
    return f"{value:.1e}" if value else "0"
