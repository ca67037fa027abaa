"""How far two arrays are apart, where, and what bounds allow."""

from collections.abc import Sequence
from typing import Any

from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.pairs import Pair
from compare.report.json.numbers import number, number_or_null
from compare.results import worst_of


def comparison_to_dict(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    """Returns the differences in one quantity of a pair, beside its bound."""
    bound = next(bound for bound in pair.bounds if bound.name == comparison.name)
    return {**comparison_alone_to_dict(comparison), **_bound(bound)}


def overall_to_dict(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Returns the largest differences of all pairs."""
    return {**_overall(pairs, "max_abs"), **_overall(pairs, "max_rel")}


def _overall(pairs: Sequence[Pair], metric: str) -> dict[str, Any]:
    found = worst_of(pairs, metric)
    if found is None:
        return _worst(metric, None)
    where = {"pair": list(found.pair), "parameter": found.quantity, **_place(found.worst)}
    return {metric: number_or_null(found.worst.value), f"{metric}_at": where}


def comparison_alone_to_dict(comparison: Comparison) -> dict[str, Any]:
    """Returns the differences in one quantity."""
    first = comparison.first_nonfinite
    return {
        "name": comparison.name,
        "shape": list(comparison.shape),
        "entries": comparison.entries,
        **_worst("max_abs", comparison.max_abs),
        **_worst("max_rel", comparison.max_rel),
        "scaled": comparison.scaled,
        **_worst("max_ulp", comparison.max_ulp),
        "negligible": comparison.negligible,
        "nonfinite_same": comparison.nonfinite_same,
        "nonfinite_differ": comparison.nonfinite_differ,
        "first_nonfinite_at": _place(first) if first else None,
    }


def _bound(bound: BoundRatio) -> dict[str, Any]:
    return {
        "bound_ratio": number_or_null(bound.worst_ratio),
        "bound_ratio_at": {"sample": bound.sample, "index": list(bound.index)},
        "typical_ratio": number_or_null(bound.typical_ratio),
        "vacuous_share": bound.vacuous / bound.entries,
        "bounded_entries": bound.entries,
    }


def _worst(metric: str, worst: Worst | None) -> dict[str, Any]:
    return {
        metric: worst.value if worst else None,
        f"{metric}_at": _place(worst) if worst else None,
    }


def _place(worst: Worst) -> dict[str, Any]:
    return {
        "sample": worst.sample,
        "index": list(worst.index),
        "a": number(worst.a),
        "b": number(worst.b),
    }
