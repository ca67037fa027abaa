"""What is said of the gradients of batches."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from compare.evidence.batches.check import BatchCheck, BatchEvidence, BatchPlace
from compare.numbers import counted, entry, listed, needed_count, share_at_most, times, told_apart
from compare.problem.batches import batch_words


class Said(NamedTuple):
    """One sentence on the gradient of a batch, where that was, and what is seen there."""

    at: BatchPlace
    headline: str
    remarks: tuple[str, ...] = ()


def named_failures(batches: BatchEvidence, kind: str) -> Iterator[Said]:
    """Yields what is wrong with gradients that are right but for how samples become a batch.

    They were held against float64, so this is so whatever is answered for single samples.
    """
    for name, check in batches.checks.items():
        at = check.first_failure
        if at is not None and check.causes and not check.own_samples:
            yield _failure(name, check, at, kind)


def failures(batches: BatchEvidence, kind: str) -> Iterator[Said]:
    """Yields what is wrong with the gradients of batches of each implementation."""
    for name, check in batches.checks.items():
        if check.first_failure is not None:
            yield _failure(name, check, check.first_failure, kind)


def doubts(batches: BatchEvidence, kind: str) -> Iterator[Said]:
    """Yields where nothing can be said of the gradient of a batch, or little."""
    for name, check in batches.checks.items():
        if check.first_unknown is not None:
            at = check.first_unknown
            yield Said(
                at,
                f"nothing can be said of {_place(at)} of {name} {_where(at)}: it is {at.found:.9g} "
                f"where the {kind} is {at.expected:.9g}",
            )
        if check.first_doubt is not None:
            at = check.first_doubt
            found, expected = told_apart(at.found, at.expected)
            yield Said(
                at,
                f"{_place(at)} of {name} is {found} {_where(at)} where {_terms(check, kind)} is "
                f"{expected}: more than rounding usually makes of it, and less than it may in a "
                "network so deep, a precision so low or a batch so large; smaller batches or a "
                "wider dtype will tell",
            )


def agreement(batches: BatchEvidence, kind: str) -> tuple[str, ...]:
    """Says that gradients of batches are right, and what is known of them; empty without any."""
    checks = batches.checks
    if not checks:
        return ()
    most = max(checks.values(), key=lambda check: 0.0 if check.worst is None else check.worst.ratio)
    used = 0.0 if most.worst is None else most.worst.ratio
    said = f"every gradient of a batch is the {kind} over its samples"
    if used:
        of = " of those whose bounds were worked out" * any(
            one.bounded < one.batches for one in checks.values()
        )
        said += f", none{of} uses more than {share_at_most(used)} of what rounding allows"
    alone = (_known_alone(name, one) for name, one in checks.items() if not one.own_samples)
    return (said, *alone)


def _known_alone(name: str, check: BatchCheck) -> str:
    """Says what is seen of a gradient that is known of batches alone."""
    needed = max((check.detectable or {}).values(), default=float("inf"))
    return (
        f"{name} is known for {_sizes(check)} alone and held against float64: a change of "
        f"any one entry by {needed_count(needed)} ulp of the largest would show, mistakes that "
        "cancel within a batch would not"
    )


def _sizes(check: BatchCheck) -> str:
    least, most = check.samples
    of = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    return f"{counted(check.batches, 'batch', 'batches')} of {of} samples"


def _failure(name: str, check: BatchCheck, at: BatchPlace, kind: str) -> Said:
    said = "; and ".join(
        f"{listed(cause.quantities)} of {name} {'is' if len(cause.quantities) == 1 else 'are'} "
        f"{cause.said}"
        for cause in check.causes
    )
    if not said:
        reason = "and nothing that was tried explains it" if at.n > 1 else "though it is of one"
        said = f"the gradient of a batch of {name} is not the {kind} over its samples, {reason}"
    found, expected = told_apart(at.found, at.expected)
    seen = (
        f"first seen {_where(at)}: {_place(at)} is {found} where {_terms(check, kind)} is "
        f"{expected}, {_by_how_much(at)}"
    )
    return Said(at, said, (seen,))


def _by_how_much(at: BatchPlace) -> str:
    if not math.isfinite(at.found):
        return "and no sum on the way can have overflowed"
    return f"{times(at.ratio)} times what rounding allows"


def _terms(check: BatchCheck, kind: str) -> str:
    """Says what the gradient of a batch is held against."""
    if check.own_samples:
        return f"the {kind} of what it returns for each sample alone"
    return f"the {kind} over the samples, worked out in float64,"


def _place(at: BatchPlace) -> str:
    return f"dL/d{entry(at.parameter, at.index)}"


def _where(at: BatchPlace) -> str:
    return f"in the {batch_words(at.start, at.n)}"
