"""What a parsed report.json says: who took part, what was compared, and what is wrong."""

from collections.abc import Mapping
from typing import Any

from compare.report import labels

Json = Mapping[str, Any]


def letters_of(report: Json) -> dict[str, str]:
    """Returns what implementations are called for short."""
    return labels.letters_for(one["name"] for one in report["implementations"])


def quantities(pair: Json, report: Json) -> list[Json]:
    """All that was compared in a pair: parameters, prediction and loss."""
    more = [
        one
        for kind in ("prediction", "loss")
        for one in report[kind]
        if (one["a"], one["b"]) == (pair["a"], pair["b"])
    ]
    return [*pair["parameters"], *more]


def is_wrong(one: Json) -> bool:
    """Whether rounding does not explain a difference: over its bound, or finite on one side."""
    ratio = one["bound_ratio"]
    return bool(one["nonfinite_differ"]) or ratio is None or ratio > 1


def place_of(at: Json | None) -> str:
    """Returns '3 [0,2]' for sample 3, or nothing."""
    return "" if at is None else labels.place(at["sample"], at["index"])
