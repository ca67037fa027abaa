"""What has moved since a baseline."""

from collections.abc import Mapping
from typing import Any

from compare.report.json.differences import comparison_to_dict
from compare.results import Change, Drift


def change_to_dict(change: Change) -> dict[str, Any]:
    """Returns what has moved, and in which versions the two runs differ."""
    return {
        "baseline": change.path,
        "versions": then_and_now(change.versions),
        "settings": then_and_now(change.settings),
        "drifts": [_drift(drift) for drift in change.drifts],
        "only_then": list(change.only_then),
        "only_now": list(change.only_now),
    }


def then_and_now(
    changed: Mapping[str, tuple[str | None, str | None]],
) -> dict[str, dict[str, str | None]]:
    """Returns what differs between two runs, by name."""
    return {name: {"then": then, "now": now} for name, (then, now) in changed.items()}


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "implementation": drift.implementation,
        "moved": drift.moved,
        "certified_then": drift.certified_then,
        "certified_now": drift.certified_now,
        "parameters": [comparison_to_dict(drift.pair, one) for one in drift.pair.parameters],
    }
