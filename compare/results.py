"""What a comparison has found: plain data, and nothing about how it is shown."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.batches.check import BatchEvidence
from compare.evidence.certificate.certificate import Certificate
from compare.evidence.differences.entries import Entries
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.noise import Noise
from compare.evidence.differences.pairs import Pair
from compare.evidence.hypotheses.explanation import Explanation
from compare.evidence.rounding.probes import ProbeResult
from compare.evidence.witness import WitnessError
from compare.formats.reading import Choice


class Participant(NamedTuple):
    """An implementation that took part, and what is known of it alone."""

    name: str
    dtype: str
    device: str
    source: str | None  # of gradients that a user brought
    certificate: Certificate
    explanation: Explanation | None  # of a failed certificate
    # parameter -> smallest change that is surely seen, in ulp of the run's dtype
    detectable_ulp: dict[str, float] | None
    read: Choice | None = None  # how gradients that exist already were read


class ProbedEngine(NamedTuple):
    """A framework on a device, and how it was measured to compute."""

    framework: str
    device: str
    implementations: tuple[str, ...]  # that run on it
    probed: ProbeResult
    peak_bytes: int | None  # of device memory; None where it is not counted


class Maximum(NamedTuple):
    """The largest value of a metric over all pairs."""

    worst: Worst
    quantity: str
    pair: tuple[str, str]


class Usage(NamedTuple):
    """The largest share of an allowance that anything uses."""

    ratio: float  # over 1: no rounding explains it
    what: str  # an entry as 'w1[0,2]', or a rule as 'chain of w2'
    sample: int
    who: str  # a pair or an implementation
    allowing: str  # 'float32 allows'
    is_check: bool = False  # whether it is of a rule of a certificate
    is_partial: bool = False  # whether some entries have no bounds


@dataclasses.dataclass(frozen=True)
class Trace:
    """One sample, step by step: quantity -> implementation -> array, in the order computed."""

    sample: int
    steps: dict[str, dict[str, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Values:
    """One entry of one sample: implementation -> value."""

    sample: int
    quantity: str
    index: tuple[int, ...]
    values: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Drift:
    """One implementation now, compared with itself in a baseline."""

    implementation: str
    moved: int  # entries whose bits have changed
    pair: Pair  # a is now, b is then
    certified_then: int | None  # samples; None where this run looks at one alone
    certified_now: int


@dataclasses.dataclass(frozen=True)
class Change:
    """What has changed since a baseline."""

    path: str
    versions: dict[str, tuple[str | None, str | None]]  # package -> then, now; where they differ
    settings: dict[str, tuple[str | None, str | None]]  # what else may change bits, likewise
    drifts: tuple[Drift, ...]  # of the implementations that are in both
    only_then: tuple[str, ...]
    only_now: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Report:
    """What was compared, what was found and what follows."""

    verdict: str  # 'agree', 'disagree' or 'undecided'
    headline: str  # one sentence for it
    reason: str  # the same with all remarks
    remarks: tuple[str, ...]  # a sentence each
    warnings: tuple[str, ...]  # unlikely, though possible
    rule: str  # what the verdict rests on
    config: dict[str, Any]
    environment: dict[str, Any]
    implementations: tuple[Participant, ...]
    pairs: tuple[Pair, ...]
    usage: Usage | None = None
    engines: tuple[ProbedEngine, ...] = ()
    noises: Mapping[str, Noise] = dataclasses.field(default_factory=dict)  # of those run again
    witness: tuple[WitnessError, ...] = ()
    trace: Trace | None = None
    values: tuple[Values, ...] = ()  # where the verdict was decided, and of a sample asked for
    change: Change | None = None  # since a baseline
    reproduce: str | None = None  # computes the deciding sample or batch again
    entries: Entries | None = None  # where they differ, in the samples with bounds
    command: str | None = None  # that repeats the whole comparison
    weights: Choice | None = None  # how the weights were read, if somebody brought them
    batches: BatchEvidence | None = None  # of the gradients of batches, if they were asked for
    unreached: tuple[str, ...] = ()  # pieces between kinks that no sample reaches: 'z1 < 0'


def worst_of(pairs: Iterable[Pair], metric: str, quantity: str | None = None) -> Maximum | None:
    """Finds the largest value of a metric over pairs, the first of equal ones.

    Args:
      pairs: all of a report, or some.
      metric: 'max_abs', 'max_rel' or 'max_ulp'.
      quantity: 'w1', ..., 'prediction' or 'loss'; None for all parameters together.

    Returns:
      The value and its place, or None where there are no entries. An entry that is not finite has
      no distance, which is NaN or infinite, and comes before all that have.
    """
    best: Maximum | None = None
    for pair in pairs:
        chosen = [c for c in pair.quantities if c.name == quantity]
        for comparison in chosen if quantity else pair.parameters:
            worst = worst_in(comparison, metric)
            if worst is None:
                continue
            if not math.isfinite(worst.value):
                return Maximum(worst, comparison.name, (pair.a, pair.b))
            if best is None or worst.value > best.worst.value:
                best = Maximum(worst, comparison.name, (pair.a, pair.b))
    return best


def worst_in(comparison: Comparison, metric: str) -> Worst | None:
    """Returns the largest value of a metric in one comparison, as `worst_of` does in many."""
    first = comparison.first_nonfinite
    if first is not None:
        return dataclasses.replace(first, value=abs(first.a - first.b))
    worst: Worst | None = getattr(comparison, metric)
    return worst
