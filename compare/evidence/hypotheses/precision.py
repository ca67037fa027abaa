"""Whether a gradient that failed is right in a coarser arithmetic than the run asks for."""

import dataclasses

import ml_dtypes
import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.checks import check_gradients, ratios
from compare.evidence.certificate.making import on_rung
from compare.evidence.certificate.rungs import Rung
from compare.evidence.hypotheses.explanation import WHOLE, Cause, Explanation
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.numbers import counted

_FLOAT32, _FLOAT16 = np.dtype(np.float32), np.dtype(np.float16)
_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

_MANY = 0.25  # share of entries
_PLACES = 10  # entries, in some sample each

# What programs compute in, most precise first, and how it is called.
_COARSER = (
    ("float32", plain_arithmetic(_FLOAT32)),
    ("float32 with TF32 products", Arithmetic(_FLOAT32, 10, 23)),
    ("float16 with sums in float32", Arithmetic(_FLOAT16, 10, 23)),
    ("float32 with bfloat16 products", Arithmetic(_FLOAT32, 7, 23)),
    ("bfloat16 with sums in float32", Arithmetic(_BFLOAT16, 7, 23)),
    ("bfloat16", plain_arithmetic(_BFLOAT16)),
)


def explain_by_precision(case: Case) -> Explanation | None:
    """Explains a failure by a coarser arithmetic in which the gradient is right, if there is one.

    Args:
      case: of some samples that fail, and some that do not; it is not widened yet.
    """
    name = coarser_arithmetic(case)
    if name is None:
        return None
    asked, n = case.rounding.arithmetic.dtype.name, case.x.shape[-1]
    shown = f"{counted(n, 'sample')} {'shows' if n == 1 else 'show'}"
    said = (
        f"right to within the rounding of {name}, and not to within that of {asked}, as far as "
        f"{shown}: it is less precise, and no mistake was found there"
    )
    return Explanation((Cause((WHOLE,), said),), None, is_complete=True)


def coarser_arithmetic(case: Case) -> str | None:
    """Names the most precise arithmetic in which all samples are certified.

    If all numbers exist in float16 or bfloat16, that comes first. It is named only where
    entries are rounded, and where the certificate could tell: a delta with the wrong sign, in any
    layer, would fail.

    Args:
      case: of some samples that fail, and some that do not; it is not widened yet.
    """
    own = case.rounding.arithmetic
    if not _is_rounded(on_rung(case, Rung(own))):
        return None
    coarser = [one for one in _COARSER if one[1] != own and one[1].u >= own.u]
    for name, arithmetic in sorted(coarser, key=lambda one: not _is_stored(case, one[1])):
        rung = Rung(arithmetic, is_textbook=True)
        found = certify("", case, rungs=(Rung(arithmetic), rung))
        if not found.failed and found.certified:
            return name if _tells(on_rung(case, rung)) else None
    return None


def _is_stored(case: Case, arithmetic: Arithmetic) -> bool:
    """Whether the arithmetic is of float16 or bfloat16, and its dtype has all of the gradient."""
    if not arithmetic.is_low:
        return False
    leaves = (leaf for layer in case.grads for leaf in layer)
    return all(np.array_equal(leaf, leaf.astype(arithmetic.dtype)) for leaf in leaves)


def _is_rounded(case: Case) -> bool:
    """Whether entries all over every layer are rounded more than they may be.

    A mistake of 1 % is within the rounding of bfloat16 too, but most entries beside it keep
    dL/dw = outer(h, delta), and h is what it should be.
    """
    # In a layer of one unit dL/dw = outer(h, delta) always holds, for some h. And where only what
    # goes into products is rounded it holds, for an h that is not what it should be.
    broken: dict[str, list[np.ndarray]] = {}
    for check in check_gradients(case.wide()).checks:
        if check.parameter.startswith("w"):
            broken.setdefault(check.parameter, []).append(ratios(check) > 1)
    worst = [max(rules, key=np.mean) for rules in broken.values()]
    places = sum(np.count_nonzero(one.any(axis=-1)) for one in worst)
    return bool(places >= _PLACES and min(map(np.mean, worst)) >= _MANY)


def _tells(case: Case) -> bool:
    """Whether the certificate fails once any one delta has the wrong sign, and all below it."""
    for i in range(1, len(case.grads) + 1):
        negated = (*((-dw, -db) for dw, db in case.grads[:i]), *case.grads[i:])
        if not certify("", dataclasses.replace(case, grads=negated)).failed:
            return False
    return True
