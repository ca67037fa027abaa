"""How far apart two arrays of one quantity are, and where.

Values are widened to float64 before they are subtracted, every metric is symmetric in a and b,
and no denominator ever gets an epsilon. Shape letters: N samples, ... the shape of the quantity.
"""

import dataclasses
import functools
from typing import Any

import ml_dtypes
import numpy as np

from compare.evidence.differences.ulp import coarser_dtype, ulp_distance


@dataclasses.dataclass(frozen=True)
class Worst:
    """The largest value of a metric, and the first place that has it."""

    value: float
    sample: int
    index: tuple[int, ...]
    a: float
    b: float


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two arrays [N, ...] of one quantity, compared entry by entry.

    A maximum is None if no entry could be measured. Entries that are not finite are not measured
    but counted: as different if one side is finite or infinities have opposite signs, otherwise as
    the same. (One overflow may show as NaN or as infinity.)
    """

    name: str
    shape: tuple[int, ...]  # of one sample
    entries: int  # over all samples
    max_abs: Worst | None  # max |a - b|
    max_rel: Worst | None  # max |a - b| / max(|a|, |b|), in [0, 2]
    max_ulp: Worst | None  # in the coarser of the two dtypes
    magnitude: float  # max(max |a|, max |b|)
    negligible: int  # entries below the smallest normal number on both sides: not in max_rel
    nonfinite_same: int
    nonfinite_differ: int
    first_nonfinite: Worst | None  # the first different one, if any; its value is unused

    @property
    def scaled(self) -> float | None:
        """Max |a - b| / max(max |a|, max |b|), or 0 if both are 0 everywhere."""
        if self.max_abs is None:
            return None
        return self.max_abs.value / self.magnitude if self.magnitude else 0.0


def compare_arrays(name: str, a: np.ndarray, b: np.ndarray, *, first_sample: int = 0) -> Comparison:
    """Compares two arrays of one quantity.

    Args:
      name: of the quantity, such as 'w1'.
      a: [N, ...], floating.
      b: [N, ...], of the same or another floating dtype.
      first_sample: the number of sample a[0].

    Returns:
      The comparison of these samples; `merge` joins those of several blocks.
    """
    dtype = coarser_dtype(a.dtype, b.dtype)
    a, b = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    differ = differ_in_kind(a, b)
    same = ~finite & ~differ
    locate = functools.partial(_first_worst, a=a, b=b, first_sample=first_sample)

    a_finite, b_finite = np.where(finite, a, 0), np.where(finite, b, 0)
    larger = np.maximum(np.abs(a_finite), np.abs(b_finite))
    tiny = larger < float(ml_dtypes.finfo(dtype).smallest_normal)
    with np.errstate(divide="ignore", invalid="ignore"):  # of tiny entries, not used
        relative = relative_distance(np, a_finite, b_finite, larger)
    return Comparison(
        name=name,
        shape=a.shape[1:],
        entries=a.size,
        max_abs=locate(_distance(a_finite, b_finite), among=finite),
        max_rel=locate(np.where(tiny, 0, relative), among=finite),
        max_ulp=locate(ulp_distance(a_finite, b_finite, dtype), among=finite),
        magnitude=float(larger.max(initial=0.0)),
        negligible=int(np.count_nonzero(tiny & (larger > 0))),
        nonfinite_same=int(np.count_nonzero(same)),
        nonfinite_differ=int(np.count_nonzero(differ)),
        first_nonfinite=locate(differ, among=differ) or locate(same, among=same),
    )


def differ_in_kind(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns where only one side is finite, or infinities have opposite signs; [...] bool."""
    both = ~np.isfinite(a) & ~np.isfinite(b)
    same = both & ((a == b) | np.isnan(a) | np.isnan(b))
    return ~(np.isfinite(a) & np.isfinite(b)) & ~same


def largest_ulp(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the largest distance in every sample, [N] uint64; 0 where nothing is finite."""
    dtype = coarser_dtype(a.dtype, b.dtype)
    finite = np.isfinite(a) & np.isfinite(b)
    distance = ulp_distance(np.where(finite, a, 0), np.where(finite, b, 0), dtype)
    return distance.reshape(len(a), -1).max(axis=1)


def merge(earlier: Comparison, later: Comparison) -> Comparison:
    """Joins the comparisons of two sets of samples, in any order.

    Of equal maxima, that of the lower sample is kept.
    """
    return Comparison(  # dataclasses.replace takes several times as long
        name=earlier.name,
        shape=earlier.shape,
        entries=earlier.entries + later.entries,
        max_abs=larger_of(earlier.max_abs, later.max_abs),
        max_rel=larger_of(earlier.max_rel, later.max_rel),
        max_ulp=larger_of(earlier.max_ulp, later.max_ulp),
        magnitude=max(earlier.magnitude, later.magnitude),
        negligible=earlier.negligible + later.negligible,
        nonfinite_same=earlier.nonfinite_same + later.nonfinite_same,
        nonfinite_differ=earlier.nonfinite_differ + later.nonfinite_differ,
        first_nonfinite=_first_nonfinite(earlier, later),
    )


def larger_of(one: Worst | None, other: Worst | None) -> Worst | None:
    """Returns the larger of two maxima, of equal ones that of the lower sample."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda worst: (worst.value, -worst.sample))


def _first_nonfinite(one: Comparison, other: Comparison) -> Worst | None:
    known = [
        (not c.nonfinite_differ, c.first_nonfinite.sample, c.first_nonfinite)
        for c in (one, other)
        if c.first_nonfinite is not None
    ]
    return min(known, key=lambda found: found[:2])[-1] if known else None


def relative_distance(xp: Any, a: Any, b: Any, larger: Any) -> Any:
    """Returns |a - b| / larger, or 0 where larger is 0; halves both first, lest they overflow."""
    return xp.abs(a / 2 - b / 2) / xp.where(larger > 0, larger / 2, 1.0)


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.minimum(np.abs(a - b), np.finfo(np.float64).max)


def _first_worst(
    values: np.ndarray, *, among: np.ndarray, a: np.ndarray, b: np.ndarray, first_sample: int
) -> Worst | None:
    if not among.any():
        return None
    flat = int(np.argmax(np.where(among, values, 0)))
    if not among.flat[flat]:  # every value is 0
        flat = int(np.argmax(among))
    sample, *index = (int(i) for i in np.unravel_index(flat, values.shape))
    place = (sample + first_sample, tuple(index))
    return Worst(values.flat[flat].item(), *place, float(a.flat[flat]), float(b.flat[flat]))
