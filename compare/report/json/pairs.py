"""What was found of two implementations."""

from typing import Any

from compare.evidence.differences.digits import Agreement
from compare.evidence.differences.metrics import Comparison
from compare.evidence.differences.pairs import Pair
from compare.evidence.differences.ulp import BINS
from compare.report.json.differences import comparison_to_dict
from compare.report.json.numbers import number_or_null


def pair_to_dict(pair: Pair) -> dict[str, Any]:
    """Returns all parameters of a pair, and its samples by how far they are apart."""
    return {
        "a": pair.a,
        "b": pair.b,
        "dtype": pair.dtype,
        "parameters": [comparison_to_dict(pair, comparison) for comparison in pair.parameters],
        "peers": {
            "breaking": pair.peers.breaking,
            "smallest_rtol": number_or_null(pair.peers.smallest_rtol),
            "smallest_atol": number_or_null(pair.peers.smallest_atol),
        },
        "digits": {agreement.rule: _agreement(agreement) for agreement in pair.digits},
        "ulp_histogram": [
            {"from": first, "samples": samples}
            for first, samples in zip(BINS, pair.ulp_histogram, strict=True)
            if samples
        ],
        "largest_ulp_by_sample": list(pair.by_sample),
    }


def quantity_to_dict(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    """Returns the prediction or the loss of a pair."""
    return {"a": pair.a, "b": pair.b, **comparison_to_dict(pair, comparison)}


def _agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "agrees": agreement.agrees,
        "entries": agreement.entries_agreeing / agreement.entries,
        "samples": agreement.samples_agreeing / agreement.samples,
        "signed_zeros": agreement.signed_zeros,
    }
