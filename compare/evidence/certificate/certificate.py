"""The certificate of one implementation: what the checks say of all its samples."""

import dataclasses

import numpy as np

from compare.evidence.certificate import rule_summary
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients, ratios
from compare.evidence.certificate.rule_summary import RuleSummary, summarise_rules
from compare.evidence.certificate.sample_ratios import sample_ratios, sample_ratios_compiled


@dataclasses.dataclass(frozen=True)
class Finding:
    """One entry checked by one rule."""

    ratio: float  # |found - expected| / allowed
    sample: int
    parameter: str
    rule: str
    index: tuple[int, ...]  # [n_in, n_out] or [n_out] of the parameter, [n_in] for recovered inputs
    found: float
    expected: float
    allowed: float


@dataclasses.dataclass(frozen=True)
class Certificate:
    """Counts of samples, the entry with the largest ratio, and the first that broke a rule.

    Every sample is exactly one of certified, failed and silent. It is silent if a zero can be
    neither proved nor disproved, or if an entry is not finite.
    """

    implementation: str
    dtype: str
    certified: int
    failed: int
    silent: int
    at_kink: int  # of the certified ones
    worst: Finding | None
    first_failure: Finding | None
    rules: tuple[RuleSummary, ...] = ()  # each at every parameter; empty if nothing was checked
    printed: bool = False  # whether the gradient was read from print

    @property
    def worst_ratio(self) -> float | None:
        """The largest ratio: over 1 if a sample failed, None if nothing could be checked."""
        return None if self.worst is None else self.worst.ratio


def certify(
    implementation: str,
    case: Case,
    *,
    first_sample: int = 0,
    compiled: bool = False,
    worst_so_far: float = -1.0,
) -> Certificate:
    """Certifies the gradients of N samples.

    Args:
      implementation: its name.
      case: its gradients.
      first_sample: the number of the first sample.
      compiled: whether to check with jitted JAX, which pays off if there are many blocks.
      worst_so_far: a ratio below which `worst` is not looked up, since `merge` would drop it.
    """
    finite = case.finite()
    case = case.zeroed_but(finite)
    found = sample_ratios_compiled(case) if compiled else sample_ratios(case)
    largest = np.where(finite, found.ratios.max(axis=0), -1.0)
    failed = largest > 1
    silent = ~finite | (found.silent & ~failed)

    def finding(row: int, check: int) -> Finding:
        return _finding(case, row, check, sample=row + first_sample)

    worst = first = None
    hardly_less = 64 * 2.0**-53 / case.rounding.u  # by which another order of summation may differ
    if finite.any() and largest.max() >= worst_so_far - hardly_less:
        row = int(np.argmax(largest))
        worst = finding(row, int(np.argmax(found.ratios[:, row])))
    if failed.any():
        row = int(np.argmax(failed))
        first = finding(row, int(np.argmax(found.ratios[:, row] > 1)))  # in order of computation
    return Certificate(
        implementation,
        case.rounding.arithmetic.dtype.name,
        certified=int(np.count_nonzero(~failed & ~silent)),
        failed=int(np.count_nonzero(failed)),
        silent=int(np.count_nonzero(silent)),
        at_kink=int(np.count_nonzero(found.at_kink & ~failed & ~silent)),
        worst=worst,
        first_failure=first,
        rules=summarise_rules(found.ratios, finite, layers=len(case.grads)),
        printed=case.printed is not None,
    )


def merge(one: Certificate, other: Certificate) -> Certificate:
    """Joins the certificates of two blocks of samples, in any order.

    Of equal ratios, that of the lower sample is kept.
    """
    worst = [found.worst for found in (one, other) if found.worst]
    first = [found.first_failure for found in (one, other) if found.first_failure]
    return dataclasses.replace(
        one,
        certified=one.certified + other.certified,
        failed=one.failed + other.failed,
        silent=one.silent + other.silent,
        at_kink=one.at_kink + other.at_kink,
        worst=min(worst, key=lambda found: (-found.ratio, found.sample), default=None),
        first_failure=min(first, key=lambda found: found.sample, default=None),
        rules=rule_summary.merge(one.rules, other.rules),
    )


def _finding(case: Case, row: int, check: int, *, sample: int) -> Finding:
    """Finds the entry of one sample with the largest ratio, under one check."""
    checks = check_gradients(case.take(slice(row, row + 1)).wide()).checks
    found = checks[check]
    by_entry = ratios(found)[..., 0]
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(by_entry)), by_entry.shape))
    return Finding(
        ratio=float(by_entry[index]),
        sample=sample,
        parameter=found.parameter,
        rule=found.rule,
        index=index,
        found=float(found.found[..., 0][index]),
        expected=float(found.expected[..., 0][index]),
        allowed=float(found.allowed[..., 0][index]),
    )
