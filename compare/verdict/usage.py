"""How much of what rounding allows is used, where it is most."""

from collections.abc import Sequence

from compare.evidence.certificate.certificate import Certificate
from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.pairs import Pair
from compare.numbers import entry, share, share_at_most
from compare.results import Usage


def usage_of(pairs: Sequence[Pair], certificates: Sequence[Certificate]) -> Usage | None:
    """Returns the largest share of an allowance that is used; None if nothing could be checked.

    Certificates tell it where one has failed, or where many bounds are vacuous; otherwise, and
    where two differ by more than rounding, bounds do.
    """
    failed = [one for one in certificates if one.failed]
    bounded = [(pair, bound) for pair in pairs for bound in pair.bounds]
    telling = [
        (pair, bound)
        for pair, bound in bounded
        if bound.vacuous < bound.entries and bound.worst_ratio > 0
    ]
    vacuous = sum(bound.vacuous for _, bound in bounded)
    entries = sum(bound.entries for _, bound in bounded)
    if telling and not failed:
        pair, bound = max(telling, key=lambda item: item[1].worst_ratio)
        if vacuous < entries / 100 or bound.worst_ratio > 1:
            return _of_bound(pair, bound)
    return _of_certificate(max(failed or certificates, key=lambda one: one.worst_ratio or 0))


def usage_said(usage: Usage) -> str:
    """Says it as the rest of a sentence on an agreement."""
    where = f"({usage.what}, sample {usage.sample}, {usage.who})"
    if usage.is_check:
        return f"the tightest check uses {share(usage.ratio)} of what {usage.allowing} {where}"
    of = " of those whose bounds were worked out" * usage.is_partial
    return f"none{of} uses more than {share_at_most(usage.ratio)} of what {usage.allowing} {where}"


def _of_bound(pair: Pair, bound: BoundRatio) -> Usage:
    compared = next(one for one in pair.quantities if one.name == bound.name)
    return Usage(
        bound.worst_ratio,
        entry(bound.name, bound.index),
        bound.sample,
        f"{pair.a} ~ {pair.b}",
        allowing(pair.dtype, printed=pair.printed),
        is_partial=bound.entries < compared.entries,
    )


def _of_certificate(certificate: Certificate) -> Usage | None:
    worst = certificate.worst
    if worst is None:
        return None
    return Usage(
        worst.ratio,
        f"{worst.rule} of {worst.parameter}",
        worst.sample,
        certificate.implementation,
        allowing(certificate.dtype, printed=bool(certificate.printed)),
        is_check=True,
    )


def allowing(dtype: str, *, printed: bool) -> str:
    """Says what allows for a difference."""
    return f"{dtype} and the known digits allow" if printed else f"{dtype} allows"
