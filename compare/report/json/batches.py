"""The gradients of batches."""

from typing import Any

from compare.evidence.batches.check import BatchCheck, BatchEvidence, BatchPair, BatchPlace
from compare.report.json.differences import comparison_alone_to_dict
from compare.report.json.numbers import number, number_or_null


def batches_to_dict(found: BatchEvidence) -> dict[str, Any]:
    """Returns each implementation held against its samples, and any two of them."""
    return {
        "implementations": [_check(name, one) for name, one in found.checks.items()],
        "pairs": [_pair(pair) for pair in found.pairs],
    }


def _check(name: str, one: BatchCheck) -> dict[str, Any]:
    return {
        "name": name,
        "held_against": "own samples" if one.own_samples else "float64",
        "batches": one.batches,
        "smallest": one.samples[0],
        "largest": one.samples[1],
        "failed": one.failed,
        "bounded": one.bounded,
        "worst_ratio": number_or_null(0.0 if one.worst is None else one.worst.ratio),
        "worst": _place(one.worst),
        "first_failure": _place(one.first_failure),
        "first_doubt": _place(one.first_doubt),
        "first_unknown": _place(one.first_unknown),
        "causes": [
            {"quantities": list(cause.quantities), "said": cause.said} for cause in one.causes
        ],
        "detectable_ulp_of_largest": one.detectable
        and {parameter: number_or_null(ulp) for parameter, ulp in one.detectable.items()},
    }


def _place(at: BatchPlace | None) -> dict[str, Any] | None:
    if at is None:
        return None
    return {
        "first_sample": at.start,
        "samples": at.n,
        "parameter": at.parameter,
        "index": list(at.index),
        "found": number(at.found),
        "expected": number(at.expected),
        "allowed": number(at.allowed),
    }


def _pair(pair: BatchPair) -> dict[str, Any]:
    return {
        "a": pair.a,
        "b": pair.b,
        "parameters": [comparison_alone_to_dict(one) for one in pair.parameters],
    }
