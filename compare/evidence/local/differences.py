"""How far an array is from what it should be, in the numbers that people compare by."""

from typing import NamedTuple

import numpy as np

from compare.evidence.differences.ulp import coarser_dtype, ulp_distance
from compare.formats.dtypes import FLOAT_DTYPES, dtype_of, unit_roundoff


class Differences(NamedTuple):
    """The largest of all entries; infinite where one is finite on one side only.

    Attributes:
      max_rel: |found - exact|, divided by the larger of |found| and |exact| there.
      ulp: how many steps lead from the one to the other, each from a number of the dtype to the
        next; of integers their distance.
    """

    max_rel: float
    ulp: float


def differences(found: np.ndarray, exact: np.ndarray, u: float) -> Differences:
    """Compares an array with exact values.

    Args:
      found: in the dtype that it came in; one that is wider than that of u holds numbers of that.
      exact: float64, of the same shape.
      u: the unit roundoff of the dtype that it was computed in.
    """
    dtype = next(one for one in map(dtype_of, FLOAT_DTYPES) if unit_roundoff(one) == u)
    if found.dtype.name in FLOAT_DTYPES:
        dtype = coarser_dtype(found.dtype, dtype)
    wide = found.astype(np.float64)
    known = np.isfinite(wide) & np.isfinite(exact)
    is_same = (wide == exact) | (np.isnan(wide) & np.isnan(exact))
    if not (known | is_same).all():
        return Differences(np.inf, np.inf)
    a, b = wide[known], exact[known]
    larger = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(over="ignore"):
        relative = np.divide(np.abs(a - b), larger, out=np.zeros_like(a), where=larger > 0)
    is_float = found.dtype.name in FLOAT_DTYPES
    steps = ulp_distance(a, b, dtype) if is_float else np.abs(a - b)
    return Differences(float(relative.max(initial=0)), float(steps.max(initial=0)))
