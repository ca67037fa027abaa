"""Evidence -> agree, disagree or undecided, and the sentence that says why.

No tolerance: an implementation is wrong if its certificate fails; a pair disagrees if a value is
not finite on one side only and cannot have overflowed, or differs by more than rounding can
explain. Undecided is what nothing could be said of. What is only unlikely is a warning.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from compare.evidence.certificate.certificate import Certificate, Finding
from compare.evidence.certificate.losses import LOSSES, Loss
from compare.evidence.differences.bounds import TYPICAL_LIMIT, BoundRatio
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.pairs import Pair
from compare.evidence.hypotheses.diagnosis import Explanation
from compare.evidence.rounding.arithmetic import largest_number
from compare.results import Change, Drift

RULE = "certificates and rounding bounds"
_WIDER = "a wider dtype or smaller weights will tell"


@dataclasses.dataclass(frozen=True)
class Place:
    """One entry of one sample."""

    sample: int
    quantity: str  # 'w1', ..., 'prediction' or 'loss'
    index: tuple[int, ...]


class Verdict(NamedTuple):
    """The answer, one sentence for it, and what is worth a look where nothing disagrees."""

    verdict: str  # 'agree', 'disagree' or 'undecided'
    reason: str
    warnings: tuple[str, ...] = ()
    place: Place | None = None  # the entry that decided it, where one did


def decide(
    pairs: Sequence[Pair],
    certificates: Sequence[Certificate],
    explanations: Mapping[str, Explanation | None],
    change: Change | None = None,
    *,
    loss: str = "squared",
) -> Verdict:
    """Judges all evidence together.

    Args:
      pairs: with bounds.
      certificates: of every implementation.
      explanations: implementation -> what is wrong with it, if it failed.
      change: since a baseline.
      loss: of the network, by its name.
    """
    warnings = tuple(_warnings(pairs))
    for certificate in certificates:
        failure = certificate.first_failure
        if failure is not None:
            known = explanations.get(certificate.implementation)
            reason = failure_sentence(certificate, known, LOSSES[loss])
            place = Place(failure.sample, failure.parameter, failure.index)
            return Verdict("disagree", reason, place=place)
    one_sided = [found for pair in pairs for found in _one_sided(pair)]
    for found in one_sided:
        if not found.explained:
            return Verdict("disagree", found.sentence(), place=found.place)
    pair, bound = max(_bounds(pairs), key=lambda item: item[1].worst_ratio)
    if bound.worst_ratio > 1:
        said = f"{_at(bound.name, bound.index)} of sample {bound.sample}, {pair.a} ~ {pair.b}"
        reason = f"{said}, differs by {bound.worst_ratio:.3g} times what {_allowing(pair)}"
        place = Place(bound.sample, bound.name, bound.index)
        return Verdict("disagree", reason, place=place)
    for drift in change.drifts if change else ():
        regression = _regression(drift)
        if regression is not None:
            return regression
        one_sided += _one_sided(drift.pair)
    if one_sided:
        found = one_sided[0]
        return Verdict("undecided", found.range_sentence(), warnings, found.place)
    for pair in pairs:
        for comparison in pair.quantities:
            if comparison.nonfinite_same:
                reason = _nonfinite(pair, comparison)
                return Verdict("undecided", reason, warnings, _nonfinite_place(comparison))
    for certificate in certificates:
        if not certificate.certified:
            reason = f"no sample of {certificate.implementation} could be certified or refuted"
            return Verdict("undecided", reason, warnings)
    return Verdict("agree", _agreement(pairs, certificates) + _silence(certificates), warnings)


def failure_sentence(certificate: Certificate, explanation: Explanation | None, loss: Loss) -> str:
    """Says what is wrong with an implementation: what, where, and why if that is known."""
    failure = certificate.first_failure
    assert failure is not None
    known = explanation or Explanation(f"dL/d{failure.parameter}", None)
    mistake = known.mistake or (
        "is not what the chain rule gives, and no classic mistake explains it"
    )
    found = _finding(failure, loss)
    return f"{known.quantity} of {certificate.implementation} {mistake}; {found}"


def _finding(failure: Finding, loss: Loss) -> str:
    """The failing rule with its place and values."""
    place = f"[{','.join(map(str, failure.index))}]"
    layer = int(failure.parameter[1:])
    below = layer - 1
    both = f"dL/dw{layer} and dL/db{layer}"
    what = {
        "rank_one": f"dL/dw{layer}{place} is {{}} where h{below} times dL/db{layer} is {{}}",
        "input": f"{both} imply x{place} = {{}} where it is {{}}",
        "activation": f"{both} imply h{below}{place} = {{}} where phi(z{below}) is {{}}",
        "output": f"delta{layer}{place} is {{}} where {loss.slope_formula} is {{}}",
        "chain": f"delta{layer}{place} is {{}} where the layer above asks for {{}}",
    }[failure.rule]
    values = what.format(f"{failure.found:.9g}", f"{failure.expected:.9g}")
    where = f"first seen in sample {failure.sample}, layer {layer}, by the rule {failure.rule}"
    return f"{where}: {values}, {_times(failure.ratio)} what rounding allows"


def _times(ratio: float) -> str:
    return f"{ratio:.3g} times" if ratio < 1e6 else "more than a million times"


def _regression(drift: Drift) -> Verdict | None:
    """Whether an implementation has lost a certificate, or moved further than rounding."""
    then, now = drift.certified_then, drift.certified_now
    if then is not None and now < then:
        reason = (
            f"{drift.implementation} has lost {then - now} of the {then} certificates that it had "
            "in the baseline"
        )
        return Verdict("disagree", reason)
    for found in _one_sided(drift.pair):
        if not found.explained:
            return Verdict("disagree", _no_longer_finite(drift, found), place=found.place)
    bound = max(drift.pair.bounds, key=lambda one: one.worst_ratio)
    if bound.worst_ratio <= 1:
        return None
    reason = (
        f"{_at(bound.name, bound.index)} of sample {bound.sample}, {drift.implementation}, has "
        f"moved since the baseline by {bound.worst_ratio:.3g} times what {drift.pair.dtype} "
        "rounding allows"
    )
    return Verdict("disagree", reason, place=Place(bound.sample, bound.name, bound.index))


def _no_longer_finite(drift: Drift, found: "_OneSided") -> str:
    return (
        f"{found.where}, {drift.implementation}, was {found.first.b:.9g} in the baseline and is "
        f"{found.first.a:.9g}, and so in {found.share}"
    )


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
        uses = f"{_percent(bound.worst_ratio)} of what {_allowing(pair)}"
        where = f"{_at(bound.name, bound.index)}, sample {bound.sample}, {pair.a} ~ {pair.b}"
        return f"every difference is rounding; the largest uses {uses} ({where})"
    tightest = max(certificates, key=lambda one: one.worst_ratio or 0)
    worst = tightest.worst
    assert worst is not None
    uses = f"{_percent(worst.ratio)} of what {tightest.dtype} allows"
    where = f"{worst.rule} of {worst.parameter}, sample {worst.sample}, {tightest.implementation}"
    return f"every difference is rounding; the tightest check uses {uses} ({where})"


def _silence(certificates: Sequence[Certificate]) -> str:
    """Says of how many samples nothing is said."""
    most = max(certificates, key=lambda one: one.silent)
    if not most.silent:
        return ""
    total = most.certified + most.silent
    return f"; {most.silent} of {total} samples are silent ({most.implementation})"


def _allowing(pair: Pair) -> str:
    return f"{pair.dtype} and print allow" if pair.printed else f"{pair.dtype} allows"


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
    return f"{name}[{','.join(map(str, index))}]" if index else name


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2g} %" if ratio < 0.995 else "100 %"


def _nonfinite_place(comparison: Comparison) -> Place:
    first = comparison.first_nonfinite
    assert first is not None
    return Place(first.sample, comparison.name, first.index)


class _OneSided(NamedTuple):
    """Entries of one quantity that are not finite on one side only."""

    pair: Pair
    comparison: Comparison
    first: Worst
    explained: bool  # whether all that have bounds may have overflowed
    shortest: str  # the dtype that overflows first

    @property
    def place(self) -> Place:
        """Where the first one is."""
        return Place(self.first.sample, self.comparison.name, self.first.index)

    @property
    def where(self) -> str:
        """The same in words."""
        return f"{_at(self.comparison.name, self.first.index)} of sample {self.first.sample}"

    @property
    def share(self) -> str:
        """How many there are, in words."""
        comparison = self.comparison
        return f"{comparison.nonfinite_differ} of {comparison.entries} entries of {comparison.name}"

    def sentence(self) -> str:
        """Names the side that is not finite where the other is."""
        return f"{self._said()}; no number on the way there can overflow in {self.shortest}"

    def range_sentence(self) -> str:
        """Says that it may be the range of the dtype, and no mistake."""
        end = largest_number(self.shortest)
        wider = f"bfloat16, {_WIDER}" if self.shortest == "float16" else _WIDER
        return f"{self._said()}; {self.shortest} ends at {end:.5g}, which may be why, and {wider}"

    def _said(self) -> str:
        sides = [(self.pair.a, self.first.a), (self.pair.b, self.first.b)]
        sides.sort(key=lambda side: math.isfinite(side[1]))  # the one that is not comes first
        (culprit, value), (other, other_value) = sides
        return (
            f"{culprit} has {value:.9g} at {self.where} where {other} has {other_value:.9g}, and "
            f"so in {self.share}"
        )


def _one_sided(pair: Pair) -> Iterator[_OneSided]:
    """Finds quantities with such entries, and whether overflow explains them."""
    bounds = {bound.name: bound for bound in pair.bounds}
    for comparison in pair.quantities:
        if not comparison.nonfinite_differ:
            continue
        assert comparison.first_nonfinite is not None
        bound = bounds.get(comparison.name)
        if bound is None or bound.first_one_sided is None:
            yield _OneSided(pair, comparison, comparison.first_nonfinite, False, pair.dtype)
        else:
            explained = not bound.unexplained
            first = bound.first_one_sided
            yield _OneSided(pair, comparison, first, explained, bound.shortest)


def _nonfinite(pair: Pair, comparison: Comparison) -> str:
    place = comparison.first_nonfinite
    assert place is not None
    where = f"{_at(comparison.name, place.index)} of sample {place.sample}"
    return (
        f"nothing can be said where neither {pair.a} nor {pair.b} is finite, as at {where} and in "
        f"{comparison.nonfinite_same} of {comparison.entries} entries of {comparison.name}: "
        f"{place.a:.9g} and {place.b:.9g}"
    )
