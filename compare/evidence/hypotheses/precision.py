"""Whether a gradient that failed is right in a coarser arithmetic than the run asks for."""

import dataclasses

import ml_dtypes
import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.nearness import float64_gradients
from compare.evidence.certificate.rungs import Rung
from compare.evidence.hypotheses.diagnosis import Explanation
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic

_FLOAT32, _FLOAT16 = np.dtype(np.float32), np.dtype(np.float16)
_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

_FEWEST = 30  # entries, by which the errors of rounding are known from others

# What programs compute in, most precise first, and how it is called.
_COARSER = (
    ("float32", plain_arithmetic(_FLOAT32)),
    ("float32 with TF32 products", Arithmetic(_FLOAT32, 10, 23)),
    ("float16 with sums in float32", Arithmetic(_FLOAT16, 10, 23)),
    ("float32 with bfloat16 products", Arithmetic(_FLOAT32, 7, 23)),
    ("bfloat16 with sums in float32", Arithmetic(_BFLOAT16, 7, 23)),
    ("bfloat16", plain_arithmetic(_BFLOAT16)),
)


def coarser_arithmetic(case: Case) -> str | None:
    """Names the most precise arithmetic in which all samples are certified.

    If all numbers exist in float16 or bfloat16, that comes first. It is named only where errors are
    those of rounding, and where the certificate could tell: a gradient with the wrong sign in any
    one layer would fail.

    Args:
      case: of some samples that fail, and some that do not; it is not widened yet.
    """
    own = case.rounding.arithmetic
    coarser = [one for one in _COARSER if one[1] != own and one[1].u >= own.u]
    for name, arithmetic in sorted(coarser, key=lambda one: not _is_stored(case, one[1])):
        rung = Rung(arithmetic, is_textbook=True)
        found = certify("", case, rungs=(Rung(arithmetic), rung))
        if not found.failed and found.certified:
            named = _is_rounding(case, arithmetic) and _tells(case.on(rung))
            return name if named else None
    return None


def _is_stored(case: Case, arithmetic: Arithmetic) -> bool:
    """Whether the arithmetic is of float16 or bfloat16, and its dtype has all of the gradient."""
    if not arithmetic.is_low:
        return False
    leaves = (leaf for layer in case.grads for leaf in layer)
    return all(np.array_equal(leaf, leaf.astype(arithmetic.dtype)) for leaf in leaves)


def _is_rounding(case: Case, arithmetic: Arithmetic) -> bool:
    """Whether most entries are off, by about as much as rounding makes them, and to both sides.

    A mistake of 1 % is within the rounding of bfloat16 too, but it is in one entry, or on one side.
    """
    wide = case.wide()
    pairs = zip(wide.grads, float64_gradients(wide), strict=True)
    both = [pair for layers in pairs for pair in zip(*layers, strict=True)]
    found, value = (
        np.concatenate([np.ravel(one) for one in side]) for side in zip(*both, strict=True)
    )
    off = found[value != 0] / value[value != 0] - 1
    if len(off) < _FEWEST:
        return False
    unit = max(arithmetic.u, arithmetic.operand_u / 2)
    above = np.count_nonzero(off > 0) / len(off)
    return bool(np.median(np.abs(off)) > unit / 64 and 0.2 < above < 0.8)


def in_coarser_arithmetic(case: Case, name: str) -> Explanation:
    """Explains a failure by the arithmetic in which the gradient is right."""
    asked = case.rounding.arithmetic.dtype.name
    said = f"is right to within the rounding of {name}, and not to within that of {asked}"
    return Explanation(
        "the gradient", f"{said}: it is less precise, and no mistake was found in it"
    )


def _tells(case: Case) -> bool:
    """Whether the certificate fails once any one layer has the wrong sign."""
    layers = list(case.grads)
    for i, (dw, db) in enumerate(layers):
        negated = (*layers[:i], (-dw, -db), *layers[i + 1 :])
        if not certify("", dataclasses.replace(case, grads=negated)).failed:
            return False
    return True
