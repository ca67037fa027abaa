"""Evidence -> agree, disagree or undecided, and the sentence that says why.

No tolerance: an implementation is wrong if its certificate fails; a pair disagrees if a value is
not finite on one side only, or differs by more than rounding can explain. Undecided is what nothing
could be said of. What is only unlikely is a warning.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from compare.evidence.bounds import TYPICAL_LIMIT, BoundRatio
from compare.evidence.metrics import Comparison
from compare.evidence.pairs import Pair
from compare.evidence.proof import Certificate, Finding

RULE = "certificates and rounding bounds"


class Verdict(NamedTuple):
    """The answer, one sentence for it, and what is worth a look where nothing disagrees."""

    verdict: str  # 'agree', 'disagree' or 'undecided'
    reason: str
    warnings: tuple[str, ...] = ()


def decide(
    pairs: Sequence[Pair],
    certificates: Sequence[Certificate],
    explanations: Mapping[str, str | None],
) -> Verdict:
    """Judges all evidence together.

    Args:
      pairs: with bounds.
      certificates: of every implementation.
      explanations: implementation -> which mistake explains its failure, if one was found.
    """
    warnings = tuple(_warnings(pairs))
    for certificate in certificates:
        if certificate.first_failure is not None:
            reason = failure_sentence(certificate, explanations.get(certificate.implementation))
            return Verdict("disagree", reason)
    for pair in pairs:
        for comparison in pair.quantities:
            if comparison.nonfinite_differ:
                reason = _nonfinite(
                    pair, comparison, "on one side, or infinite with opposite signs"
                )
                return Verdict("disagree", reason)
    pair, bound = max(_bounds(pairs), key=lambda item: item[1].worst_ratio)
    if bound.worst_ratio > 1:
        said = f"{_at(bound.name, bound.index)} of sample {bound.sample}, {pair.a} ~ {pair.b}"
        reason = (
            f"{said}, differs by {bound.worst_ratio:.3g} times what {pair.dtype} rounding allows"
        )
        return Verdict("disagree", reason)
    for pair in pairs:
        for comparison in pair.quantities:
            if comparison.nonfinite_same:
                reason = _nonfinite(pair, comparison, "on both sides")
                return Verdict("undecided", reason, warnings)
    for certificate in certificates:
        if not certificate.certified:
            reason = f"no sample of {certificate.implementation} could be certified or refuted"
            return Verdict("undecided", reason, warnings)
    return Verdict("agree", _agreement(pairs, certificates), warnings)


def failure_sentence(certificate: Certificate, explanation: str | None) -> str:
    """Says what is wrong with an implementation: what, where, and why if that is known."""
    failure = certificate.first_failure
    assert failure is not None
    said = explanation or (
        f"dL/d{failure.parameter} of {certificate.implementation} is not what the chain rule "
        "gives, and no classic mistake explains it"
    )
    return f"{said}; first in sample {failure.sample}: {_finding(failure)}"


def _finding(failure: Finding) -> str:
    """The failing rule with its values."""
    place = f"[{','.join(map(str, failure.index))}]"
    layer = int(failure.parameter[1:])
    below = layer - 1
    what = {
        "rank_one": f"dL/dw{layer}{place} is {{}} where its rank-one form asks for {{}}",
        "input": f"the x{place} in dL/dw1 is {{}} and not {{}}",
        "activation": f"the h{below}{place} in dL/dw{layer} is {{}} where phi(z{below}) is {{}}",
        "output": f"delta{layer}{place} is {{}} where 2 (yhat - y) is {{}}",
        "chain": f"delta{layer}{place} is {{}} where the layer above asks for {{}}",
    }[failure.rule]
    values = what.format(f"{failure.found:.9g}", f"{failure.expected:.9g}")
    return f"{values}, {_times(failure.ratio)} what rounding allows"


def _times(ratio: float) -> str:
    return f"{ratio:.3g} times" if ratio < 1e6 else "more than a million times"


def _agreement(pairs: Sequence[Pair], certificates: Sequence[Certificate]) -> str:
    telling = [
        (pair, bound)
        for pair, bound in _bounds(pairs)
        if bound.vacuous < bound.entries and bound.worst_ratio > 0
    ]
    vacuous = sum(bound.vacuous for _, bound in _bounds(pairs))
    entries = sum(bound.entries for _, bound in _bounds(pairs))
    if telling and vacuous < entries / 100:
        pair, bound = max(telling, key=lambda item: item[1].worst_ratio)
        uses = f"{_percent(bound.worst_ratio)} of what {pair.dtype} allows"
        where = f"{_at(bound.name, bound.index)}, sample {bound.sample}, {pair.a} ~ {pair.b}"
        return f"every difference is rounding; the largest uses {uses} ({where})"
    tightest = max(certificates, key=lambda one: one.worst_ratio or 0)
    worst = tightest.worst
    assert worst is not None
    uses = f"{_percent(worst.ratio)} of what {tightest.dtype} allows"
    where = f"{worst.rule} of {worst.parameter}, sample {worst.sample}, {tightest.implementation}"
    return f"every gradient is certified; the tightest check uses {uses} ({where})"


def _warnings(pairs: Sequence[Pair]) -> list[str]:
    return [
        f"{bound.name} of {pair.a} ~ {pair.b} differs by {bound.typical_ratio:.2g} times the "
        f"typical scale of rounding, more than {TYPICAL_LIMIT:g}: possible, and worth a look"
        for pair, bound in _bounds(pairs)
        if bound.typical_ratio > TYPICAL_LIMIT
    ]


def _bounds(pairs: Sequence[Pair]) -> list[tuple[Pair, BoundRatio]]:
    return [(pair, bound) for pair in pairs for bound in pair.bounds]


def _at(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, index))}]"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2g} %"


def _nonfinite(pair: Pair, comparison: Comparison, sides: str) -> str:
    place = comparison.first_nonfinite
    assert place is not None
    index = _at(comparison.name, place.index) if place.index else comparison.name
    count = comparison.nonfinite_differ or comparison.nonfinite_same
    return (
        f"{count} of {comparison.entries} entries of {comparison.name} of {pair.a} ~ {pair.b} are "
        f"not finite {sides}, the first at sample {place.sample}, {index}: {place.a:.9g} and "
        f"{place.b:.9g}"
    )
