"""The certificate of one implementation: what the checks say of all its samples."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate import printed_numbers, rule_summary
from compare.evidence.certificate.activations import kinked_names
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checked_samples import CheckedSamples, Records
from compare.evidence.certificate.finding import Finding, find_entry
from compare.evidence.certificate.making import on_rung
from compare.evidence.certificate.nearness import HARDLY, Nearness
from compare.evidence.certificate.printed_numbers import PrintedNumbers, count_printed
from compare.evidence.certificate.rule_summary import RuleSummary, summarise_rules
from compare.evidence.certificate.rungs import Rung, textbook_names
from compare.evidence.rounding.arithmetic import plain_arithmetic


@dataclasses.dataclass(frozen=True)
class Certificate:
    """Counts of samples, the entry with the largest ratio, and the first that broke a rule.

    Every sample is exactly one of certified, failed and silent. It is silent if a zero can be
    neither proved nor disproved, if an entry is not finite, or if print shows no number of one of
    its parameters well enough: nothing contradicts it then, and nothing speaks for it. So it is
    where a rule is broken by what may be rounding in another way to compute.
    """

    implementation: str
    dtype: str  # in whose arithmetic it holds
    certified: int
    failed: int
    silent: int
    at_kink: int  # of the certified ones
    worst: Finding | None  # on the highest rung that a sample needs
    first_failure: Finding | None
    rules: tuple[RuleSummary, ...] = ()  # each at every parameter; empty if nothing was checked
    kink_units: int = 0  # units at a kink, in certified samples, that tell which slope was taken
    kink_slopes: float = 0.0  # the sum of the slopes that were taken there, see `kinks.Kinks`
    kinked: str = ""  # activations that have kinks
    returned: str = ""  # the dtype of the arrays that were certified
    textbook: str = ""  # activations of which it needs the allowances for textbook formulas
    rate: float | None = None  # of the step of gradient descent that it was recovered from
    near: int = 0  # certified samples that break a rule, and are near to the float64 values
    not_finite: int = 0  # silent samples with an entry that is not finite
    printed: PrintedNumbers | None = None  # None for gradients that were not read from print
    biases: tuple[bool, ...] = ()  # whether each layer has one; () where all have

    @property
    def worst_ratio(self) -> float | None:
        """The largest ratio: over 1 if a sample failed, None if nothing could be checked."""
        return None if self.worst is None else self.worst.ratio

    @property
    def kink_slope(self) -> float | None:
        """The mean slope that was taken at kinks, None where none tells."""
        return self.kink_slopes / self.kink_units if self.kink_units else None

    def has_bias(self, layer: int) -> bool:
        """Whether a layer, counted from 1, has a bias, and so a dL/db, which is delta."""
        return self.biases[layer - 1] if self.biases else True

    @property
    def height(self) -> tuple[float, str]:
        """How far up the ladder it is: a higher one allows for more."""
        return plain_arithmetic(self.dtype).u, self.textbook

    def worst_below(self, height: tuple[float, str]) -> float:
        """Returns the ratio below which `merge` drops a worst entry of that height."""
        if self.height != height:
            return math.inf if self.height > height else -1.0
        return -1.0 if self.worst is None else self.worst.ratio


def certify(
    implementation: str,
    case: Case,
    *,
    rungs: Sequence[Rung] = (),
    near: Callable[[np.ndarray, np.ndarray], Nearness] | None = None,
    first_sample: int = 0,
    compiled: bool = False,
    known: Sequence[Certificate] = (),
) -> Certificate:
    """Certifies the gradients of N samples, each on the first rung where all rules hold.

    Args:
      implementation: its name.
      case: its gradients.
      rungs: how they may have been computed; none of them: as the case says.
      near: samples that fail, [n], and the largest ratio in each of them -> whether all their
        entries are near to the float64 values; these count as certified, or as silent.
      first_sample: the number of the first sample.
      compiled: whether to check with jitted JAX, which pays off if there are many blocks.
      known: certificates of other samples, with each of which `merge` will join this one. What
        it would drop then, `worst` and ratios of rules, may be left out.
    """
    finite = case.finite()
    printed, unknown = count_printed(case, finite)
    left = np.ones_like(finite)  # the samples that have failed on every rung so far
    certificates: list[Certificate] = []
    plain: _Block | None = None  # on the last rung without textbook formulas
    cases = [on_rung(case, rung) for rung in rungs] or [case]
    for one in cases:
        one = one.zeroed_but(finite)
        records = _records(one, known)
        checked = CheckedSamples(one, records, compiled=compiled)
        checked.settle_near(1.0, left & finite)
        block = _Block(implementation, one, checked, records, finite, unknown, first_sample)
        fails = block.failed
        held, failed = left & ~fails, left & fails
        if held.any():
            certificates.append(block.certificate(held))
        left = failed
        plain = block if plain is None or not one.is_textbook else plain
        if not left.any():
            break
    else:
        assert plain is not None
        spared, unclear = np.zeros_like(left), np.zeros_like(left)
        if near is not None:
            plain.checked.settle_near(HARDLY, left)
            largest = plain.checked.largest[left]
            spared[left], unclear[left] = near(np.flatnonzero(left), largest)
        certificates.append(plain.certificate(left, Nearness(spared, unclear)))
    return dataclasses.replace(functools.reduce(merge, certificates), printed=printed)


class _Block(NamedTuple):
    """The checks of N samples under one assumption on how they were computed."""

    implementation: str
    case: Case
    checked: CheckedSamples
    records: Records  # below which `merge` would drop what is told
    finite: np.ndarray  # [N] bool
    unknown: np.ndarray  # [N] bool: whether print hides all of a parameter
    first_sample: int

    @property
    def failed(self) -> np.ndarray:
        """Where a rule is broken, and on the last rung also where nothing can be said.

        What that rung allows a slope to lose may be all of it. That excuses no sample that has
        failed on the rungs below.
        """
        silent = self.checked.found.silent & self.case.is_mixed
        return self.finite & ((self.checked.largest > 1) | silent)

    def certificate(self, among: np.ndarray, near: Nearness | None = None) -> Certificate:
        """Returns the certificate of some samples, [N] bool, of which some may be near."""
        checked, case, finite = self.checked, self.case, self.finite & among
        none = np.zeros_like(finite)
        surely, perhaps = near or Nearness(none, none)
        spared = surely | perhaps
        checked.settle_largest(finite & ~spared)
        found = checked.found
        largest = np.where(finite, checked.largest, -1.0)
        failed = (largest > 1) & ~spared
        unsaid = (found.silent | self.unknown) & ~failed & ~spared
        silent = among & (~self.finite | unsaid | perhaps)
        certified = among & ~failed & ~silent
        worst = first = None
        considered = np.where(spared | ~checked.told, -1.0, largest)
        if considered.max() >= max(self.records.worst - checked.doubt, 0):
            row = int(np.argmax(considered))
            worst = self._finding(row, int(np.argmax(checked.ratios_of(row))))
        if failed.any():
            row = int(np.argmax(failed))
            first = self._finding(row, int(np.argmax(checked.ratios_of(row) > 1)))
        return Certificate(
            self.implementation,
            case.rounding.arithmetic.dtype.name,
            certified=int(np.count_nonzero(certified)),
            failed=int(np.count_nonzero(failed)),
            silent=int(np.count_nonzero(silent)),
            at_kink=int(np.count_nonzero(found.at_kink & certified)),
            worst=worst,
            first_failure=first,
            rules=summarise_rules(
                found.ratios,
                (finite & ~spared)[checked.rows],
                checked.told[checked.rows],
                layers=len(case.grads),
                are_all=len(checked.rows) == len(finite),
            ),
            kink_units=int(np.where(certified, found.kink_units, 0).sum()),
            kink_slopes=float(np.where(certified, found.kink_slopes, 0).sum()),
            kinked=" or ".join(kinked_names(case.network.activations)),
            returned=case.returned,
            textbook=_textbook(case),
            near=int(np.count_nonzero(surely)),
            not_finite=int(np.count_nonzero(among & ~self.finite)),
            biases=case.network.biases,
        )

    def _finding(self, row: int, check: int) -> Finding:
        return find_entry(self.case, row, check, sample=row + self.first_sample)


def _textbook(case: Case) -> str:
    """As in `Certificate`."""
    return " and ".join(textbook_names(case.network)) if case.is_textbook else ""


def _records(case: Case, known: Sequence[Certificate]) -> Records:
    """Returns the ratios below which `merge` drops what is told of a case."""
    height = case.rounding.u, _textbook(case)
    rules: np.ndarray | float = -1.0
    if known and all(one.rules for one in known):
        rules = np.min([[rule.ratio for rule in one.rules] for one in known], axis=0)
    return Records(rules, min((one.worst_below(height) for one in known), default=-1.0))


def merge(one: Certificate, other: Certificate) -> Certificate:
    """Joins the certificates of two sets of samples, in any order.

    What is told of how it was computed, and the worst entry, are those of the higher rung. Of equal
    ratios, that of the lower sample is kept.
    """
    height = max(one.height, other.height)
    worst = [found.worst for found in (one, other) if found.worst and found.height == height]
    first = [found.first_failure for found in (one, other) if found.first_failure]
    return dataclasses.replace(
        max(one, other, key=lambda found: found.height),
        certified=one.certified + other.certified,
        failed=one.failed + other.failed,
        silent=one.silent + other.silent,
        at_kink=one.at_kink + other.at_kink,
        worst=min(worst, key=lambda found: (-found.ratio, found.sample), default=None),
        first_failure=min(first, key=lambda found: found.sample, default=None),
        rules=rule_summary.merge(one.rules, other.rules),
        kink_units=one.kink_units + other.kink_units,
        kink_slopes=one.kink_slopes + other.kink_slopes,
        near=one.near + other.near,
        not_finite=one.not_finite + other.not_finite,
        printed=printed_numbers.merge(one.printed, other.printed),
    )
