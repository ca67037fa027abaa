"""Evidence -> agree, disagree or undecided, and the sentence that says why.

The rule is preliminary, a tolerance, and is named as one wherever it is shown. For parameter p of
two implementations it bounds the scaled error max |a - b| / max(max |a|, max |b|) by

    8 u sum_l (n_l + 1),     u the unit roundoff of the coarser dtype, n_l the inputs of layer l.

A dot product of n terms and a bias carries a relative error of up to (n + 1) u (Higham, Accuracy
and Stability of Numerical Algorithms, section 3.1), forward and backward pass each have one a
layer, and each of two implementations has its own: 4 u sum_l (n_l + 1). Another factor of 2 stands
for activations. What it does not cover is cancellation: it is a tolerance and no proof.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.metrics import Comparison
from compare.evidence.pairs import Pair

RULE = "preliminary tolerance"


class Verdict(NamedTuple):
    """The answer, and one sentence for it."""

    verdict: str  # 'agree', 'disagree' or 'undecided'
    reason: str


class _Finding(NamedTuple):
    pair: Pair
    comparison: Comparison

    def __str__(self) -> str:
        return f"{self.comparison.name} of {self.pair.a} ~ {self.pair.b}"


def tolerance(dtype: str, layer_sizes: Sequence[int]) -> float:
    """Returns the largest scaled error that is taken for rounding; see above."""
    unit_roundoff = float(np.finfo(dtype).eps) / 2
    return 8 * unit_roundoff * sum(n_in + 1 for n_in in layer_sizes[:-1])


def decide(pairs: Sequence[Pair], layer_sizes: Sequence[int]) -> Verdict:
    """Judges all pairs together."""
    findings = [_Finding(pair, c) for pair in pairs for c in pair.quantities]
    for finding in findings:
        if finding.comparison.nonfinite_differ:
            return Verdict("disagree", _nonfinite(finding, "on one side only"))

    gradients = [_Finding(pair, c) for pair in pairs for c in pair.parameters]
    worst = max(gradients, key=lambda finding: _usage(finding, layer_sizes))
    allowed = tolerance(worst.pair.dtype, layer_sizes)
    said = (
        f"the largest scaled error is {worst.comparison.scaled or 0:.2g} ({worst}), and the "
        f"{RULE} for {worst.pair.dtype} is {allowed:.2g}"
    )
    if _usage(worst, layer_sizes) > 1:
        return Verdict("disagree", said)
    for finding in findings:
        if finding.comparison.nonfinite_same:
            return Verdict("undecided", _nonfinite(finding, "on both sides"))
    return Verdict("agree", said)


def _usage(finding: _Finding, layer_sizes: Sequence[int]) -> float:
    return (finding.comparison.scaled or 0) / tolerance(finding.pair.dtype, layer_sizes)


def _nonfinite(finding: _Finding, sides: str) -> str:
    place = finding.comparison.first_nonfinite
    assert place is not None
    where = f"sample {place.sample}, {finding.comparison.name}{list(place.index) or ''}"
    count = finding.comparison.nonfinite_differ or finding.comparison.nonfinite_same
    return (
        f"{count} of {finding.comparison.entries} entries of {finding} are not finite {sides}, "
        f"the first at {where}: {place.a:.9g} and {place.b:.9g}"
    )
