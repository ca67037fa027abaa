"""The sentence of every verdict. A sentence has no full stop: others may follow it."""

import math
from collections.abc import Sequence

from compare.evidence.certificate.certificate import Certificate, Finding
from compare.evidence.certificate.losses import Loss
from compare.evidence.differences.bounds import TYPICAL_LIMIT, BoundRatio
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.pairs import Pair
from compare.evidence.hypotheses.diagnosis import Explanation
from compare.evidence.rounding.arithmetic import largest_number
from compare.results import Drift
from compare.verdict.nonfinite import NonfiniteEntries
from compare.verdict.printed_digits import too_few_digits

_WIDER = "a wider dtype or smaller weights will tell"


def failed_certificate(
    certificate: Certificate, failure: Finding, explanation: Explanation | None, loss: Loss
) -> str:
    """Says what is wrong with an implementation: what, where, and why if that is known."""
    known = explanation or Explanation(f"dL/d{failure.parameter}", None)
    mistake = known.mistake or (
        "is not what the chain rule gives, and no classic mistake explains it"
    )
    times = f"{failure.ratio:.3g}" if failure.ratio < 1e6 else "more than a million"
    return (
        f"{known.quantity} of {certificate.implementation} {mistake}; first seen in sample "
        f"{failure.sample}, layer {failure.parameter[1:]}, by the rule {failure.rule}: "
        f"{_broken_rule(failure, loss)}, {times} times what rounding allows"
    )


def _broken_rule(failure: Finding, loss: Loss) -> str:
    """Says what a rule has found, and what it expected."""
    place = f"[{','.join(map(str, failure.index))}]"
    layer = int(failure.parameter[1:])
    below = layer - 1
    found, expected = f"{failure.found:.9g}", f"{failure.expected:.9g}"
    both = f"dL/dw{layer} and dL/db{layer}"
    return {
        "rank_one": f"dL/dw{layer}{place} is {found} where h{below} times dL/db{layer} is "
        f"{expected}",
        "input": f"{both} imply x{place} = {found} where it is {expected}",
        "activation": f"{both} imply h{below}{place} = {found} where phi(z{below}) is {expected}",
        "output": f"delta{layer}{place} is {found} where {loss.slope_formula} is {expected}",
        "chain": f"delta{layer}{place} is {found} where the layer above asks for {expected}",
    }[failure.rule]


def no_overflow(entries: NonfiniteEntries) -> str:
    """Says which side is not finite though nothing can have overflowed."""
    return f"{_one_side(entries)}; no number on the way there can overflow in {entries.shortest}"


def possible_overflow(entries: NonfiniteEntries) -> str:
    """Says which side is not finite, and that the range of the dtype may be why."""
    end = largest_number(entries.shortest)
    wider = f"bfloat16, {_WIDER}" if entries.shortest == "float16" else _WIDER
    return (
        f"{_one_side(entries)}; {entries.shortest} ends at {end:.5g}, which may be why, and {wider}"
    )


def _one_side(entries: NonfiniteEntries) -> str:
    pair, first = entries.pair, entries.first
    sides = [(pair.a, first.a), (pair.b, first.b)]
    sides.sort(key=lambda side: math.isfinite(side[1]))  # the one that is not comes first
    (culprit, value), (other, other_value) = sides
    return (
        f"{culprit} has {value:.9g} at {_where(entries)} where {other} has {other_value:.9g}, and "
        f"so in {_share(entries)}"
    )


def beyond_rounding(pair: Pair, bound: BoundRatio) -> str:
    """Says where two implementations differ by more than their rounding bounds."""
    return (
        f"{_at(bound.name, bound.index)} of sample {bound.sample}, {pair.a} ~ {pair.b}, differs by "
        f"{bound.worst_ratio:.3g} times what {_allowing(pair)}"
    )


def lost_certificates(drift: Drift, then: int) -> str:
    """Says how many of the certificates of then there are no more."""
    return (
        f"{drift.implementation} has lost {then - drift.certified_now} of the {then} certificates "
        "that it had in the baseline"
    )


def no_longer_finite(drift: Drift, entries: NonfiniteEntries) -> str:
    """Says where an implementation was finite in the baseline, or is now."""
    return (
        f"{_where(entries)}, {drift.implementation}, was {entries.first.b:.9g} in the baseline and "
        f"is {entries.first.a:.9g}, and so in {_share(entries)}"
    )


def moved(drift: Drift, bound: BoundRatio) -> str:
    """Says where an implementation is further from its baseline than rounding allows."""
    return (
        f"{_at(bound.name, bound.index)} of sample {bound.sample}, {drift.implementation}, has "
        f"moved since the baseline by {bound.worst_ratio:.3g} times what {drift.pair.dtype} "
        "rounding allows"
    )


def neither_finite(pair: Pair, comparison: Comparison, first: Worst) -> str:
    """Says where neither of a pair is finite, first of all."""
    return (
        f"nothing can be said where neither {pair.a} nor {pair.b} is finite, as at "
        f"{_at(comparison.name, first.index)} of sample {first.sample} and in "
        f"{comparison.nonfinite_same} of {comparison.entries} entries of {comparison.name}: "
        f"{first.a:.9g} and {first.b:.9g}"
    )


def nothing_certified(certificate: Certificate) -> str:
    """Says that the certificate of an implementation is silent in every sample, and why."""
    printed, name = certificate.printed, certificate.implementation
    if printed is not None and printed.samples:
        hidden = " ".join(printed.hidden)
        return too_few_digits(
            f"{hidden} of {name} cannot" if hidden else f"no sample of {name} can",
            numbers=printed.numbers,
            zeros=printed.zeros,
            known=printed.known,
        )
    return f"no sample of {certificate.implementation} could be certified or refuted"


def agreement(pairs: Sequence[Pair], certificates: Sequence[Certificate]) -> str:
    """Says how much of what rounding allows is used, and how many samples are silent.

    Bounds tell that where few of them are vacuous; otherwise certificates do.
    """
    bounded = [(pair, bound) for pair in pairs for bound in pair.bounds]
    telling = [
        (pair, bound)
        for pair, bound in bounded
        if bound.vacuous < bound.entries and bound.worst_ratio > 0
    ]
    vacuous = sum(bound.vacuous for _, bound in bounded)
    entries = sum(bound.entries for _, bound in bounded)
    if telling and vacuous < entries / 100:
        used = _largest_difference(*max(telling, key=lambda item: item[1].worst_ratio))
    else:
        used = _tightest_check(max(certificates, key=lambda one: one.worst_ratio or 0))
    more = _kinks(certificates) + _silence(certificates) + "".join(map(_how, certificates))
    return f"{_differences(certificates)}; {used}{more}"


def _how(certificate: Certificate) -> str:
    """Says on which rung of the ladder a certificate holds, if not on the first."""
    said, name = "", certificate.implementation
    if certificate.returned not in ("", certificate.dtype):
        said += (
            f"; {name} has {certificate.returned} arrays with the precision of {certificate.dtype}"
        )
    if certificate.textbook:
        said += f"; {name} computes {certificate.textbook} by a formula that loses digits"
    if certificate.rate is not None:
        said += f"; {name} hides digits: it comes from a step at a rate of {certificate.rate:g}"
    return said


def _differences(certificates: Sequence[Certificate]) -> str:
    """Says what all differences come from."""
    alike = len({(one.kink_units, one.kink_slopes) for one in certificates}) == 1
    return "every difference is rounding" + ("" if alike else " or another slope at a kink")


def slopes_differ(certificates: Sequence[Certificate]) -> bool:
    """Returns whether implementations surely took different slopes at the same kinks."""
    found = {(one.kink_units, one.kink_slopes) for one in certificates}
    return len(found) > len({units for units, _ in found})


def kink_conventions(certificates: Sequence[Certificate]) -> str:
    """Says which slope each implementation takes at a kink, and in how many samples."""
    taken: dict[float, list[str]] = {}
    for one in certificates:
        if one.kink_slope is not None:
            taken.setdefault(one.kink_slope, []).append(one.implementation)
    slopes = "; ".join(f"{slope:.3g} in {', '.join(names)}" for slope, names in taken.items())
    return (
        f"in {_kink_count(certificates)} the input of a ReLU is 0, where any slope from 0 to 1 is "
        f"right by convention; the mean slope is {slopes}; there gradients differ by more than "
        "rounding"
    )


def near_all_the_same(certificate: Certificate) -> str:
    """Says that rules are broken by what is near to the float64 values."""
    return (
        f"{_samples(certificate.near)} of {certificate.implementation} break a rule of "
        "backpropagation, and yet every entry is as near to its float64 value as rounding usually "
        "leaves it: computed in another way, in forward mode for instance, or wrong by no more"
    )


def _kinks(certificates: Sequence[Certificate]) -> str:
    """Says in how many samples the input of a ReLU is 0."""
    count = _kink_count(certificates)
    return f"; in {count} the input of a ReLU is 0 within rounding" if count else ""


def _kink_count(certificates: Sequence[Certificate]) -> str:
    most = max((one.at_kink for one in certificates), default=0)
    return _samples(most) if most else ""


def _samples(count: int) -> str:
    return f"{count} sample{'' if count == 1 else 's'}"


def _largest_difference(pair: Pair, bound: BoundRatio) -> str:
    uses = f"{_percent(bound.worst_ratio)} of what {_allowing(pair)}"
    where = f"{_at(bound.name, bound.index)}, sample {bound.sample}, {pair.a} ~ {pair.b}"
    return f"the largest uses {uses} ({where})"


def _tightest_check(certificate: Certificate) -> str:
    worst = certificate.worst
    assert worst is not None
    uses = f"{_percent(worst.ratio)} of what {certificate.dtype} allows"
    where = f"{worst.rule} of {worst.parameter}, sample {worst.sample}"
    return f"the tightest check uses {uses} ({where}, {certificate.implementation})"


def _silence(certificates: Sequence[Certificate]) -> str:
    """Says of how many samples a certificate says nothing."""
    most = max(certificates, key=lambda one: one.silent)
    if not most.silent:
        return ""
    total = most.certified + most.silent
    return f"; {most.silent} of {total} samples are silent ({most.implementation})"


def unlikely(pair: Pair, bound: BoundRatio) -> str:
    """Says that a difference is possible, and larger than rounding usually makes it."""
    return (
        f"{bound.name} of {pair.a} ~ {pair.b} differs by {bound.typical_ratio:.2g} times the "
        f"typical scale of rounding, more than {TYPICAL_LIMIT:g}: possible, and worth a look"
    )


def _where(entries: NonfiniteEntries) -> str:
    """Names the first of these entries."""
    return f"{_at(entries.comparison.name, entries.first.index)} of sample {entries.first.sample}"


def _share(entries: NonfiniteEntries) -> str:
    """Says how many of all entries these are."""
    of = entries.comparison
    return f"{of.nonfinite_differ} of {of.entries} entries of {of.name}"


def _allowing(pair: Pair) -> str:
    return f"{pair.dtype} and the known digits allow" if pair.printed else f"{pair.dtype} allows"


def _at(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, index))}]" if index else name


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2g} %" if ratio < 0.995 else "100 %"
