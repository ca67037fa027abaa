"""What has moved since a baseline, as a table for a terminal."""

import textwrap

from compare.results import Change, Drift


def format_change(change: Change, *, width: int) -> str:
    """Returns one row for each implementation, below the versions that differ."""
    said = ", ".join(
        f"{package} {then or 'none'} -> {now or 'none'}"
        for package, (then, now) in change.versions.items()
    )
    title = f"Since the baseline {change.path}: {said or 'the same versions'}"
    rows = [
        _wrap(title, width),
        "",
        f"{'':<18}{'entries moved':>23}{'max abs':>8}{'ulp':>6}{'bound':>8}{'certified':>17}",
        *map(_row, change.drifts),
    ]
    alone = {"the baseline": change.only_then, "this run": change.only_now}
    for where, names in alone.items():
        if names:
            rows += ["", _wrap(f"Only in {where}: {', '.join(names)}.", width)]
    return "\n".join(rows)


def _row(drift: Drift) -> str:
    compared = drift.pair.parameters
    moved = f"{drift.moved} of {sum(comparison.entries for comparison in compared)}"
    largest = max((c.max_abs.value for c in compared if c.max_abs is not None), default=0.0)
    ulp = max((c.max_ulp.value for c in compared if c.max_ulp is not None), default=0)
    bound = max(b.worst_ratio for b in drift.pair.bounds)
    then = "" if drift.certified_then is None else f"{drift.certified_then} -> "
    return (
        f"{drift.implementation:<18}{moved:>23}{f'{largest:.1e}' if largest else '0':>8}"
        f"{ulp if ulp < 1e5 else f'{ulp:.0e}':>6}{_ratio(bound):>8}"
        f"{f'{then}{drift.certified_now}':>17}"
    )


def _ratio(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 1e3 else f"{ratio:.0e}"


def _wrap(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False)
