"""All that is measured between two implementations."""

import dataclasses
import operator

import numpy as np

from compare.evidence.differences import allclose, bounds, digits, metrics, sample_bins, ulp
from compare.evidence.differences.allclose import AllcloseResult
from compare.evidence.differences.bounds import Allowance, BoundRatio
from compare.evidence.differences.digits import Agreement
from compare.evidence.differences.metrics import Comparison
from compare.evidence.differences.sample_bins import SampleBins
from compare.evidence.differences.ulp import coarser_dtype
from compare.problem.quantities import Quantities, name_all


@dataclasses.dataclass(frozen=True)
class Pair:
    """Implementations a and b, compared over all samples seen so far."""

    a: str
    b: str
    dtype: str  # the coarser of the two, in which ulps are counted
    parameters: tuple[Comparison, ...]
    prediction: Comparison | None  # None where one of the two gives nothing but gradients
    loss: Comparison | None
    digits: tuple[Agreement, ...]
    peers: AllcloseResult
    ulp_histogram: tuple[int, ...]  # samples by their largest distance, in `ulp.BINS`
    printed: bool = False  # whether one of the two was read from print
    by_sample: tuple[int, ...] = ()  # the largest distance in each of `sample_bins.SampleBins`
    bounds: tuple[BoundRatio, ...] = ()  # in the order of `quantities`; set by `with_bounds`

    @property
    def quantities(self) -> tuple[Comparison, ...]:
        """Parameters, and prediction and loss if there are any."""
        more = (one for one in (self.prediction, self.loss) if one is not None)
        return (*self.parameters, *more)


def compare_pair(
    a: str,
    b: str,
    of_a: Quantities,
    of_b: Quantities,
    *,
    first_sample: int,
    bins: SampleBins | None = None,
) -> Pair:
    """Compares one block of samples of two implementations, whose names are a and b."""
    dtype = coarser_dtype(*(one.dtype for one in (of_a, of_b)))
    all_a, all_b = name_all(of_a), name_all(of_b)
    compared = {
        name: metrics.compare_arrays(name, all_a[name], all_b[name], first_sample=first_sample)
        for name in all_a
        if name in all_b
    }
    left, right = of_a.parameters, of_b.parameters
    distances = np.max([metrics.largest_ulp(left[name], right[name]) for name in left], axis=0)
    return Pair(
        a=a,
        b=b,
        dtype=dtype.name,
        parameters=tuple(compared[name] for name in left),
        prediction=compared.get("prediction"),
        loss=compared.get("loss"),
        digits=digits.count_agreements(list(left.values()), list(right.values())),
        peers=allclose.count_breaking(left.values(), right.values(), dtype.name),
        ulp_histogram=ulp.bin_counts(distances),
        printed=of_a.printed or of_b.printed,
        by_sample=along_samples(bins, distances, first_sample),
    )


def along_samples(bins: SampleBins | None, distances: np.ndarray, first: int) -> tuple[int, ...]:
    """Returns the largest of [N] distances in every bin; nothing if there are no bins."""
    return () if bins is None else sample_bins.largest_by_bin(bins, distances, first_sample=first)


def with_bounds(
    pair: Pair,
    of_a: Quantities,
    of_b: Quantities,
    allowed_a: Allowance,
    allowed_b: Allowance,
    *,
    samples: np.ndarray,
) -> Pair:
    """Adds end-to-end bounds of some samples.

    Args:
      pair: of all samples.
      of_a: arrays of a, for some samples.
      of_b: arrays of b.
      allowed_a: the allowance of a.
      allowed_b: the allowance of b.
      samples: [N], the numbers of these samples.
    """
    left, right = name_all(of_a), name_all(of_b)
    found = tuple(
        bounds.bound_ratio(name, left[name], right[name], allowed_a, allowed_b, samples=samples)
        for name in left
        if name in right
    )
    merged = tuple(map(bounds.merge, pair.bounds, found)) if pair.bounds else found
    return dataclasses.replace(pair, bounds=merged)


def merge(earlier: Pair, later: Pair) -> Pair:
    """Joins the pair of two sets of samples, in any order."""
    return dataclasses.replace(
        earlier,
        parameters=tuple(map(metrics.merge, earlier.parameters, later.parameters)),
        prediction=_merge(earlier.prediction, later.prediction),
        loss=_merge(earlier.loss, later.loss),
        digits=tuple(map(digits.merge, earlier.digits, later.digits)),
        peers=allclose.merge(earlier.peers, later.peers),
        ulp_histogram=tuple(map(operator.add, earlier.ulp_histogram, later.ulp_histogram)),
        by_sample=sample_bins.merge(earlier.by_sample, later.by_sample),
        bounds=tuple(map(bounds.merge, earlier.bounds, later.bounds))
        if earlier.bounds and later.bounds
        else earlier.bounds or later.bounds,
    )


def _merge(earlier: Comparison | None, later: Comparison | None) -> Comparison | None:
    return metrics.merge(earlier, later) if earlier and later else None
