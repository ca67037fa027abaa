"""What the certificate says of one implementation, over all samples."""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.evidence.certificate import by_rule
from compare.evidence.certificate.by_rule import RuleFound
from compare.evidence.certificate.checks import ratios
from compare.evidence.certificate.recovered import Rounding, rounding_of
from compare.evidence.certificate.subject import (
    Subject,
    make_subject,
    per_sample,
    per_sample_compiled,
)
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic

if TYPE_CHECKING:  # jaxmlp loads jax, which a report of certificates does not need
    from jaxmlp.base import Grads, Params


@dataclasses.dataclass(frozen=True)
class Finding:
    """One entry held against one rule."""

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
    """Counts of samples, the tightest finding, and the first that broke a rule.

    Every sample is exactly one of certified, failed and silent. It is silent where a zero could
    be neither proved nor disproved, and where an entry is not finite.
    """

    implementation: str
    dtype: str
    certified: int
    failed: int
    silent: int
    at_kink: int  # of the certified ones
    worst: Finding | None
    first_failure: Finding | None
    rules: tuple[RuleFound, ...] = ()  # each at every parameter; empty where nothing was certified

    @property
    def worst_ratio(self) -> float | None:
        """At most 1 where every sample is certified; None where nothing could be checked."""
        return None if self.worst is None else self.worst.ratio


def certify(
    implementation: str,
    params: "Params",
    x: np.ndarray,
    y: np.ndarray,
    grads: "Grads",
    *,
    activation: str,
    arithmetic: Arithmetic | None = None,
    printed: "Grads | None" = None,
    first_sample: int = 0,
    compiled: bool = False,
    worst_so_far: float = -1.0,
) -> Certificate:
    """Certifies N gradients.

    Args:
      implementation: its name.
      params: leaves [n_in, n_out] and [n_out]; of a wider dtype than grads, they and the samples
        were rounded on their way in.
      x: [N, d].
      y: [N, k].
      grads: leaves [N, n_in, n_out] and [N, n_out].
      activation: of the hidden layers.
      arithmetic: that made grads; None for every operation in their dtype.
      printed: if grads were read from print, half a unit of every last printed digit, in the shapes
        of grads; 0 where a number is exact.
      first_sample: the number of sample x[0].
      compiled: whether to check with jitted JAX, which pays off when there are many blocks.
      worst_so_far: a ratio below which `worst` is not looked up, since `merge` would drop it.
    """
    arithmetic = arithmetic or plain_arithmetic(grads[0].b.dtype)
    rounding = rounding_of(arithmetic, params[0][1].dtype)
    options: dict[str, Any] = {"activation": activation, "rounding": rounding}
    finite = _finite(grads)
    subject = make_subject(params, x, y, grads, printed, finite)
    found = (per_sample_compiled if compiled else per_sample)(subject, **options)
    largest = np.where(finite, found.ratios.max(axis=0), -1.0)
    failed = largest > 1
    silent = ~finite | (found.silent & ~failed)

    def finding(row: int, check: int) -> Finding:
        return _finding(subject, row, check, row + first_sample, **options)

    worst = first = None
    hardly_less = 64 * 2.0**-53 / rounding.u  # as another order of summation may have it
    if finite.any() and largest.max() >= worst_so_far - hardly_less:
        row = int(np.argmax(largest))
        worst = finding(row, int(np.argmax(found.ratios[:, row])))
    if failed.any():
        row = int(np.argmax(failed))
        first = finding(row, int(np.argmax(found.ratios[:, row] > 1)))  # in the order data flows
    return Certificate(
        implementation,
        grads[0].b.dtype.name,
        certified=int(np.count_nonzero(~failed & ~silent)),
        failed=int(np.count_nonzero(failed)),
        silent=int(np.count_nonzero(silent)),
        at_kink=int(np.count_nonzero(found.at_kink & ~failed & ~silent)),
        worst=worst,
        first_failure=first,
        rules=by_rule.found_by_rule(found.ratios, finite, layers=len(grads)),
    )


def merge(one: Certificate, other: Certificate) -> Certificate:
    """Joins the certificates of two blocks of samples, in any order.

    Of equal ratios, that of the lower sample number stays.
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
        rules=by_rule.merge(one.rules, other.rules),
    )


def _finite(grads: "Grads") -> np.ndarray:
    """Whether all of a sample's gradient is finite, [N] bool."""
    finite = np.ones(len(grads[0].b), bool)
    for array in (leaf for layer in grads for leaf in layer):
        if not np.isfinite(array).all():
            finite &= np.isfinite(array).reshape(len(array), -1).all(axis=1)
    return finite


def _finding(
    subject: Subject, row: int, check: int, sample: int, *, activation: str, rounding: Rounding
) -> Finding:
    """The worst entry of one sample under one check."""
    checks = subject.alone(row).check(activation=activation, rounding=rounding, xp=np).checks
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
