"""Whether a gradient is off in nearly every entry by about the same, without a pattern.

A difference quotient (L(w + e) - L(w)) / e has the rounding of L, divided by e, in every entry: as
much in a parameter with a small gradient as in one with a large gradient.
"""

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.nearness import float64_gradients, is_scattered
from compare.evidence.hypotheses.explanation import WHOLE, Cause, Explanation

_MOST = 0.5  # of the largest entry of a sample, that an error may be
_EVEN = 8.0  # by how much the median errors of two parameters may differ
_ALIKE = 0.5  # the most that the cosine of errors and gradient may be
_LEAST = 8  # numbers, to have a median


def explain_by_scatter(case: Case) -> Explanation | None:
    """Explains a failure by finite differences.

    Args:
      case: of some samples that fail, and some that do not; it is not widened yet.
    """
    case = case.wide()
    if not is_scattered(case, case):
        return None
    pairs = zip(case.grads, float64_gradients(case), strict=True)
    errors, values = [], []
    for layer, right in pairs:
        for found, value in zip(layer, right, strict=True):
            errors.append((found - value).ravel())
            values.append(value.ravel())
    medians = [float(np.median(np.abs(one))) for one in errors if one.size >= _LEAST]
    error, value = np.concatenate(errors), np.concatenate(values)
    cosine = abs(error @ value) / np.sqrt(max((error @ error) * (value @ value), 1e-300))
    largest = float(np.abs(error).max())
    is_even = len(medians) > 1 and max(medians) <= _EVEN * min(medians)
    if not is_even or cosine > _ALIKE or not 0 < largest <= _MOST * np.abs(value).max():
        return None
    said = (
        f"off in nearly every entry, by {largest:.1g} at most, without a pattern and by as much in "
        "one parameter as in another, as finite differences are"
    )
    return Explanation((Cause((WHOLE,), said),), None, is_complete=True)
