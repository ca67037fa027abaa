"""Pairs whose numbers are the same, as one series."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from compare.report.document import Json, letters_of
from compare.report.labels import pair_label

MOST = 6  # series that can be told apart


class Series(NamedTuple):
    """What one or more pairs have in common."""

    label: str  # 'A~C, B~C'
    values: tuple[Any, ...]


def series_of(report: Json, values: Sequence[Sequence[Any]]) -> list[Series]:
    """Puts pairs of equal values together, and keeps the MOST with the largest.

    Args:
      report: parsed.
      values: of every pair, in order; the last that is not 0 says how large one is.
    """
    groups: dict[tuple[Any, ...], list[str]] = {}
    letters = letters_of(report)
    for pair, found in zip(report["pairs"], values, strict=True):
        label = pair_label(letters, pair["a"], pair["b"])
        groups.setdefault(tuple(found), []).append(label)
    known = [Series(_label(names), found) for found, names in groups.items()]
    ranked = sorted(known, key=lambda one: max(one.values, default=0), reverse=True)
    return [one for one in known if one in ranked[:MOST]]


def _label(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def left_out(kept: Sequence[Series], of: Sequence[Any]) -> str:
    """Says how many series are not shown."""
    missing = len({tuple(one) for one in of}) - len(kept)
    return f" Not drawn: {missing} more, none of them larger." if missing > 0 else ""
