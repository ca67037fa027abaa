"""What was found of the gradients of batches, as plain data."""

import dataclasses
import math
from collections.abc import Mapping
from typing import NamedTuple

from compare.evidence.differences import metrics
from compare.evidence.differences.metrics import Comparison
from compare.evidence.hypotheses.explanation import Cause


@dataclasses.dataclass(frozen=True)
class BatchPlace:
    """One entry of the gradient of one batch."""

    start: int  # the first sample of the batch
    n: int  # samples in it
    parameter: str  # 'w1', 'b1', ...
    index: tuple[int, ...]
    found: float
    expected: float
    allowed: float  # 0 where no rounding is

    @property
    def ratio(self) -> float:
        """What share of its allowance the difference uses; infinite if one is not finite."""
        distance = abs(self.found - self.expected)
        if not math.isfinite(distance):
            return math.inf
        return distance / self.allowed if self.allowed else math.inf * (distance > 0)


@dataclasses.dataclass(frozen=True)
class BatchCheck:
    """The batches of one implementation, each held against the gradients of its samples."""

    own_samples: bool  # what it answers for each alone; else what is worked out in float64
    batches: int
    failed: int
    samples: tuple[int, int]  # in the smallest batch and in the largest
    bounded: int  # batches whose samples have end-to-end bounds; the others need none to hold
    worst: BatchPlace | None  # the entry that uses most of its allowance, in those
    first_failure: BatchPlace | None
    first_doubt: BatchPlace | None  # allowed, and yet further off than rounding usually goes
    first_unknown: BatchPlace | None  # not finite
    causes: tuple[Cause, ...]  # of the first failure
    detectable: dict[str, float] | None  # ulp of the largest entry, in the first batch

    def turned(self) -> "BatchCheck":
        """Returns it with indices of matrix entries in the other layout."""
        return dataclasses.replace(
            self,
            worst=_turned(self.worst),
            first_failure=_turned(self.first_failure),
            first_doubt=_turned(self.first_doubt),
            first_unknown=_turned(self.first_unknown),
        )


class BatchPair(NamedTuple):
    """The gradients of batches of two implementations; samples are the first of each batch."""

    a: str
    b: str
    parameters: tuple[Comparison, ...]


class BatchEvidence(NamedTuple):
    """All that was found of the gradients of batches."""

    checks: dict[str, BatchCheck]  # by implementation
    pairs: tuple[BatchPair, ...]


def merge_checks(one: BatchCheck, other: BatchCheck) -> BatchCheck:
    """Joins two sets of batches, in any order; the earlier failure keeps its causes."""
    first = other if _earlier(other.first_failure, one.first_failure) else one
    return BatchCheck(
        first.own_samples,
        one.batches + other.batches,
        one.failed + other.failed,
        (min(one.samples[0], other.samples[0]), max(one.samples[1], other.samples[1])),
        one.bounded + other.bounded,
        _larger(one.worst, other.worst),
        first.first_failure,
        _first(one.first_doubt, other.first_doubt),
        _first(one.first_unknown, other.first_unknown),
        first.causes,
        one.detectable or other.detectable,
    )


def merge_pairs(one: BatchPair, other: BatchPair) -> BatchPair:
    """Joins two sets of batches."""
    return one._replace(parameters=tuple(map(metrics.merge, one.parameters, other.parameters)))


def merge(one: BatchEvidence, other: BatchEvidence) -> BatchEvidence:
    """Joins the evidence of two sets of batches."""
    if not one.checks or not other.checks:
        return one if one.checks else other
    both: Mapping[str, BatchCheck] = {
        name: merge_checks(check, other.checks[name]) for name, check in one.checks.items()
    }
    return BatchEvidence(dict(both), tuple(map(merge_pairs, one.pairs, other.pairs)))


def _turned(place: BatchPlace | None) -> BatchPlace | None:
    return place and dataclasses.replace(place, index=place.index[::-1])


def _earlier(place: BatchPlace | None, known: BatchPlace | None) -> bool:
    return place is not None and (known is None or place.start < known.start)


def _first(one: BatchPlace | None, other: BatchPlace | None) -> BatchPlace | None:
    return other if _earlier(other, one) else one


def _larger(one: BatchPlace | None, other: BatchPlace | None) -> BatchPlace | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda place: (place.ratio, -place.start))
