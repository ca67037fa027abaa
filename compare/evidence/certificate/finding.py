"""One entry of a gradient, held against one rule."""

import dataclasses

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients, ratios
from compare.evidence.certificate.sample_ratios import least_ratio


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


def find_entry(case: Case, row: int, check: int, *, sample: int) -> Finding:
    """Finds the entry of one sample with the largest ratio, under one check.

    Args:
      case: of N samples.
      row: of the sample in the case.
      check: which one, in the order of `check_gradients`.
      sample: the number of the sample, which is told.
    """
    checks = check_gradients(case.take([row, row]).wide()).checks  # see `products`
    found = checks[check]
    by_entry = ratios(found)[..., 0]
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(by_entry)), by_entry.shape))
    # a rule of dL/dw is of what it is without the penalty
    is_of_weights = found.rule == "rank_one" and case.network.l2
    beside = case.penalty(int(found.parameter[1:])) if is_of_weights else 0.0
    penalty = float(np.broadcast_to(beside, found.found.shape)[..., 0][index])
    return Finding(
        ratio=float(by_entry[index]) if by_entry[index] >= least_ratio(case) else 0.0,
        sample=sample,
        parameter=found.parameter,
        rule=found.rule,
        index=index,
        found=float(found.found[..., 0][index]) + penalty,
        expected=float(found.expected[..., 0][index]) + penalty,
        allowed=float(found.allowed[..., 0][index]),
    )
