"""Evidence -> agree, disagree or undecided, and the sentence that says why.

No tolerance: an implementation is wrong if its certificate fails; a pair disagrees if a value is
not finite on one side only and cannot have overflowed, or differs by more than rounding can
explain. It is undecided if nothing can be said. What is only unlikely is a warning.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from compare.evidence.batches.check import BatchEvidence
from compare.evidence.certificate.certificate import Certificate
from compare.evidence.certificate.loss import Loss
from compare.evidence.certificate.losses import LOSSES
from compare.evidence.differences.bounds import TYPICAL_LIMIT, BoundRatio
from compare.evidence.differences.pairs import Pair
from compare.evidence.hypotheses.explanation import Explanation
from compare.results import Change, Drift
from compare.verdict import accusations, sentences
from compare.verdict import batches as batch_sentences
from compare.verdict.nonfinite import NonfiniteEntries, nonfinite_on_one_side
from compare.verdict.usage import usage_of, usage_said

RULE = "certificates and rounding bounds"


@dataclasses.dataclass(frozen=True)
class Place:
    """One entry of one sample."""

    sample: int
    quantity: str  # 'w1', ..., 'prediction' or 'loss'
    index: tuple[int, ...]


class Verdict(NamedTuple):
    """The answer, one sentence for it, and what is worth a look where nothing disagrees."""

    verdict: str  # 'agree', 'disagree' or 'undecided'
    headline: str
    warnings: tuple[str, ...] = ()
    place: Place | None = None  # the entry that decided it, where one did
    batch: int | None = None  # the first sample of the batch that did
    usage: str = ""  # how much of what rounding allows is used, where they agree
    remarks: tuple[str, ...] = ()  # what else is to be known of it, a sentence each

    @property
    def reason(self) -> str:
        """All that is said of it, as one sentence."""
        return "; ".join(said for said in (self.headline, self.usage, *self.remarks) if said)

    def with_remarks(self, *remarks: str) -> "Verdict":
        """Returns the same with more remarks."""
        return self._replace(remarks=(*self.remarks, *remarks))


def decide(
    pairs: Sequence[Pair],
    certificates: Sequence[Certificate],
    explanations: Mapping[str, Explanation | None],
    change: Change | None = None,
    *,
    ends: tuple[str, str] = ("linear", "squared"),
    batches: BatchEvidence | None = None,
    reduction: str | None = None,
) -> Verdict:
    """Judges all evidence together.

    The first disagreement is the verdict; without any, the first doubt; without doubts they agree.

    Args:
      pairs: with bounds.
      certificates: of every implementation.
      explanations: implementation -> what is wrong with it, if it failed.
      change: since a baseline.
      ends: the output activation and the loss of the network, by their names.
      batches: what was found of gradients of batches, if they were asked for.
      reduction: of their losses, 'mean' or 'sum'.
    """
    drifts = change.drifts if change else ()
    of_batches = batches, reduction or "mean"
    disagreements = itertools.chain(
        _of_batches(batch_sentences.named_failures, *of_batches),
        _failed_certificates(certificates, explanations, LOSSES[ends]),
        _of_batches(batch_sentences.failures, *of_batches),
        _differences(pairs),
        _regressions(drifts),
    )
    for disagreement in disagreements:
        return disagreement
    warnings = tuple(_warnings(pairs, certificates))
    doubts = itertools.chain(
        _doubts(pairs, certificates, drifts),
        _of_batches(batch_sentences.doubts, *of_batches, verdict="undecided"),
    )
    for doubt in doubts:
        return doubt._replace(warnings=warnings)
    remarks, used = sentences.remarks(certificates), usage_of(pairs, certificates)
    if batches is not None:
        remarks += batch_sentences.agreement(batches, of_batches[1])
    return Verdict(
        "agree",
        sentences.agreement(certificates),
        warnings,
        usage=usage_said(used) if used is not None else "",
        remarks=remarks,
    )


def _warnings(pairs: Sequence[Pair], certificates: Sequence[Certificate]) -> Iterator[str]:
    """Yields what is worth knowing although nothing disagrees."""
    if sentences.slopes_differ(certificates):
        yield sentences.kink_conventions(certificates)
    yield from (sentences.near_all_the_same(one) for one in certificates if one.near)
    for pair, bound in _bounds(pairs):
        if bound.typical_ratio > TYPICAL_LIMIT:
            yield sentences.unlikely(pair, bound)


def _of_batches(
    say: Callable[[BatchEvidence, str], Iterator[batch_sentences.Said]],
    batches: BatchEvidence | None,
    kind: str,
    *,
    verdict: str = "disagree",
) -> Iterator[Verdict]:
    """Yields a verdict for everything that is said of the gradients of batches."""
    if batches is not None:
        for said in say(batches, kind):
            yield Verdict(verdict, said.headline, batch=said.at.start, remarks=said.remarks)


def _failed_certificates(
    certificates: Sequence[Certificate],
    explanations: Mapping[str, Explanation | None],
    loss: Loss,
) -> Iterator[Verdict]:
    """Yields the mistake of every implementation that breaks a rule."""
    for certificate in certificates:
        failure = certificate.first_failure
        if failure is not None:
            known = explanations.get(certificate.implementation)
            wrong, seen = accusations.failed_certificate(certificate, failure, known, loss)
            place = Place(failure.sample, *accusations.decisive_entry(failure, known))
            yield Verdict("disagree", wrong, place=place, remarks=(seen,))


def _differences(pairs: Sequence[Pair]) -> Iterator[Verdict]:
    """Yields the differences that neither overflow nor rounding explains."""
    for pair in pairs:
        for entries in nonfinite_on_one_side(pair):
            if not entries.explained:
                reason = sentences.no_overflow(entries)
                yield Verdict("disagree", reason, place=_place_of(entries))
    pair, bound = max(_bounds(pairs), key=lambda item: item[1].worst_ratio)
    if bound.worst_ratio > 1:
        reason = sentences.beyond_rounding(pair, bound)
        yield Verdict("disagree", reason, place=Place(bound.sample, bound.name, bound.index))


def _regressions(drifts: Sequence[Drift]) -> Iterator[Verdict]:
    """Yields where an implementation has lost a certificate, or moved further than rounding."""
    for drift in drifts:
        then = drift.certified_then
        if then is not None and drift.certified_now < then:
            yield Verdict("disagree", sentences.lost_certificates(drift, then))
        for entries in nonfinite_on_one_side(drift.pair):
            if not entries.explained:
                reason = sentences.no_longer_finite(drift, entries)
                yield Verdict("disagree", reason, place=_place_of(entries))
        bound = max(drift.pair.bounds, key=lambda one: one.worst_ratio)
        if bound.worst_ratio > 1:
            reason = sentences.moved(drift, bound)
            yield Verdict("disagree", reason, place=Place(bound.sample, bound.name, bound.index))


def _doubts(
    pairs: Sequence[Pair], certificates: Sequence[Certificate], drifts: Sequence[Drift]
) -> Iterator[Verdict]:
    """Yields the reasons why nothing can be said, where nothing disagrees."""
    for pair in (*pairs, *(drift.pair for drift in drifts)):
        for entries in nonfinite_on_one_side(pair):
            reason = sentences.possible_overflow(entries)
            yield Verdict("undecided", reason, place=_place_of(entries))
    for pair in pairs:
        for one in pair.quantities:
            if one.nonfinite_same:
                assert one.first_nonfinite is not None
                reason = sentences.neither_finite(pair, one, one.first_nonfinite)
                place = Place(one.first_nonfinite.sample, one.name, one.first_nonfinite.index)
                yield Verdict("undecided", reason, place=place)
    for certificate in certificates:
        if not certificate.certified:
            yield Verdict("undecided", sentences.nothing_certified(certificate))


def _bounds(pairs: Sequence[Pair]) -> list[tuple[Pair, BoundRatio]]:
    return [(pair, bound) for pair in pairs for bound in pair.bounds]


def _place_of(entries: NonfiniteEntries) -> Place:
    """Returns the place of the first of these entries."""
    return Place(entries.first.sample, entries.comparison.name, entries.first.index)
