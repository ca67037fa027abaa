"""The sentence of every verdict. A sentence has no full stop: others may follow it."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from compare.evidence.certificate.certificate import Certificate
from compare.evidence.differences.bounds import TYPICAL_LIMIT, BoundRatio
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.pairs import Pair
from compare.evidence.rounding.arithmetic import largest_number, plain_arithmetic
from compare.numbers import counted, entry, times, told_apart
from compare.results import Drift
from compare.verdict.nonfinite import NonfiniteEntries
from compare.verdict.printed_digits import step_shows, too_few_digits
from compare.verdict.usage import allowing

_STABLE = "smaller weights or a stable formula"


def no_overflow(entries: NonfiniteEntries) -> str:
    """Says which side is not finite though by its formula nothing can have overflowed."""
    said = _one_side(entries)
    if len(entries.dtypes) != 1:
        return said
    culprit = entries.pair.b if math.isfinite(entries.first.a) else entries.pair.a
    return (
        f"{said}; by the formula that {culprit} is judged by, no number on the way there can "
        f"overflow in {entries.dtypes[0]}"
    )


def possible_overflow(entries: NonfiniteEntries) -> str:
    """Says which side is not finite, and that the range of the dtype may be why.

    A formula that is stable has no 0 / 0 either, where a value is saturated.
    """
    shortest = min(entries.dtypes, key=largest_number)
    wider = {"float16": "bfloat16, a wider dtype, ", "float64": ""}.get(shortest, "a wider dtype, ")
    end = f"{largest_number(shortest):.5g}"
    return (
        f"{_one_side(entries)}; an overflow, as {shortest} ends at {end}, or 0 / 0 may be why, and "
        f"{wider}{_STABLE} will tell"
    )


def _one_side(entries: NonfiniteEntries) -> str:
    pair, first = entries.pair, entries.first
    sides = [(pair.a, first.a), (pair.b, first.b)]
    sides.sort(key=lambda side: math.isfinite(side[1]))  # the one that is not comes first
    (culprit, value), (other, other_value) = sides
    return (
        f"{culprit} has {value:.9g} at {_where(entries)} where {other} has {other_value:.9g}"
        f"{_share(entries)}"
    )


def beyond_rounding(pair: Pair, bound: BoundRatio) -> str:
    """Says where two implementations differ by more than their rounding bounds."""
    allowed = allowing(pair.dtype, printed=pair.printed)
    return (
        f"{entry(bound.name, bound.index)} of sample {bound.sample}, {pair.a} ~ {pair.b}, differs "
        f"by {times(bound.worst_ratio)} times what {allowed}"
    )


def lost_certificates(drift: Drift, then: int) -> str:
    """Says that fewer samples are certified than then."""
    now = drift.certified_now
    return (
        f"{drift.implementation} is certified in {counted(now, 'sample')}, and was in {then:,} "
        "in the baseline"
    )


def no_longer_finite(drift: Drift, entries: NonfiniteEntries) -> str:
    """Says where an implementation was finite in the baseline, or is now."""
    return (
        f"{_where(entries)}, {drift.implementation}, was {entries.first.b:.9g} in the baseline and "
        f"is {entries.first.a:.9g}{_share(entries)}"
    )


def moved(drift: Drift, bound: BoundRatio) -> str:
    """Says where an implementation is further from its baseline than rounding allows."""
    allowed = allowing(drift.pair.dtype, printed=drift.pair.printed)
    return (
        f"{entry(bound.name, bound.index)} of sample {bound.sample}, {drift.implementation}, has "
        f"moved since the baseline by {times(bound.worst_ratio)} times what {allowed}"
    )


def neither_finite(pair: Pair, comparison: Comparison, first: Worst) -> str:
    """Says where neither of a pair is finite, first of all."""
    entries = counted(comparison.entries, "entry", "entries")
    return (
        f"nothing can be said where neither {pair.a} nor {pair.b} is finite, in "
        f"{comparison.nonfinite_same:,} of {entries} of {comparison.name}, first at "
        f"{entry(comparison.name, first.index)} of sample {first.sample}: {first.a:.9g} and "
        f"{first.b:.9g}"
    )


def nothing_certified(certificate: Certificate) -> str:
    """Says that the certificate of an implementation is silent in every sample, and why."""
    printed, name = certificate.printed, certificate.implementation
    if printed is not None and printed.samples:
        hidden = " ".join(printed.hidden)
        subject = f"{hidden} of {name} cannot" if hidden else f"no sample of {name} can"
        if certificate.rate is not None:
            shown = step_shows(certificate.rate, numbers=printed.numbers, known=printed.known)
            return f"{subject} be judged: {shown}; take a larger rate"
        return too_few_digits(
            subject,
            numbers=printed.numbers,
            zeros=printed.zeros,
            known=printed.known,
        )
    return f"no sample of {certificate.implementation} could be certified or refuted"


def agreement(certificates: Sequence[Certificate]) -> str:
    """Says what all differences come from."""
    alike = len({(one.kink_units, one.kink_slopes) for one in certificates}) == 1
    said = "every difference is rounding" + ("" if alike else " or another slope at a kink")
    return said + " where anything can be said" * any(one.silent for one in certificates)


def remarks(certificates: Sequence[Certificate]) -> tuple[str, ...]:
    """Says what is to be known beside an agreement: kinks, silent samples, and ways to compute."""
    hows = (said for one in certificates for said in _how(one))
    said = _kinks(certificates), _silence(certificates), _coarseness(certificates), *hows
    return tuple(filter(None, said))


def _coarseness(certificates: Sequence[Certificate]) -> str:
    """Says that a dtype of few digits shows large mistakes alone."""
    low = {one.dtype for one in certificates if plain_arithmetic(np.dtype(one.dtype)).is_low}
    if not low:
        return ""
    names = " and ".join(sorted(low))
    return f"in {names} only mistakes larger than its rounding are seen; float32 shows smaller ones"


def _how(certificate: Certificate) -> Iterator[str]:
    """Says on which rung of the ladder a certificate holds, if not on the first."""
    name = certificate.implementation
    if certificate.returned not in ("", certificate.dtype):
        yield f"{name} has {certificate.returned} arrays with the precision of {certificate.dtype}"
    if certificate.textbook:
        yield f"{name} computes {certificate.textbook} by a formula that loses digits"
    printed = certificate.printed
    if certificate.rate is not None and printed is not None:
        shown = step_shows(certificate.rate, numbers=printed.numbers, known=printed.known)
        yield f"{name} hides digits: {shown}; a larger rate shows more"


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
    if _kinked(certificates) == "relu":
        told = "the input of a ReLU is 0, where any slope from 0 to 1 is right by convention"
        mean = "the mean slope is"
    else:
        told = (
            f"the input of {_kinked(certificates)} is where its slope jumps, and any slope between "
            "those of the two sides is right by convention"
        )
        mean = "from 0 for the lower of the two to 1 for the higher one, the mean is"
    return (
        f"in {_kink_count(certificates)} {told}; {mean} {slopes}; there gradients differ by more "
        "than rounding"
    )


def near_all_the_same(certificate: Certificate) -> str:
    """Says that rules are broken by what is near to the float64 values."""
    return (
        f"{counted(certificate.near, 'sample')} of {certificate.implementation} break a rule of "
        "backpropagation, and yet every entry is as near to its float64 value as rounding usually "
        "leaves it: computed in another way, in forward mode for instance, or wrong by no more"
    )


def _kinks(certificates: Sequence[Certificate]) -> str:
    """Says in how many samples some input is at a kink."""
    count = _kink_count(certificates)
    if _kinked(certificates) == "relu":
        return f"in {count} the input of a ReLU is 0 within rounding" if count else ""
    told = f"the input of {_kinked(certificates)} is where its slope jumps, within rounding"
    return f"in {count} {told}" if count else ""


def _kinked(certificates: Sequence[Certificate]) -> str:
    """Names the activations that have kinks."""
    return next((one.kinked for one in certificates if one.kinked), "relu")


def _kink_count(certificates: Sequence[Certificate]) -> str:
    most = max((one.at_kink for one in certificates), default=0)
    return counted(most, "sample") if most else ""


def _silence(certificates: Sequence[Certificate]) -> str:
    """Says of how many samples a certificate says nothing."""
    most = max(certificates, key=lambda one: one.silent)
    if not most.silent:
        return ""
    total = most.certified + most.silent
    samples = f"{most.silent:,} of {counted(total, 'sample')}"
    return f"nothing can be said of {samples} of {most.implementation}"


def unlikely(pair: Pair, bound: BoundRatio) -> str:
    """Says that a difference is possible, and larger than rounding usually makes it."""
    ratio, limit = told_apart(bound.typical_ratio, TYPICAL_LIMIT, digits=2)
    return (
        f"{bound.name} of {pair.a} ~ {pair.b} differs by {ratio} times the typical scale of "
        f"rounding, more than {limit}: possible, and worth a look"
    )


def _where(entries: NonfiniteEntries) -> str:
    """Names the first of these entries."""
    return f"{entry(entries.comparison.name, entries.first.index)} of sample {entries.first.sample}"


def _share(entries: NonfiniteEntries) -> str:
    """Says how many entries are not finite on one side alone, if it is more than one."""
    of = entries.comparison
    if of.nonfinite_differ == 1:
        return ""
    return f" ({of.nonfinite_differ:,} of {of.entries:,} entries of {of.name} are such)"
