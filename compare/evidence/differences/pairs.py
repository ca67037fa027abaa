"""All that is measured between two implementations."""

import dataclasses
import operator

import numpy as np

from compare.evidence.differences import bounds, by_sample, digits, metrics, peers, ulp
from compare.evidence.differences.bounds import Allowance, BoundRatio
from compare.evidence.differences.by_sample import Bins
from compare.evidence.differences.digits import Agreement
from compare.evidence.differences.metrics import Comparison
from compare.evidence.differences.peers import PeerFacts
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
    peers: PeerFacts
    ulp_histogram: tuple[int, ...]  # samples by the largest distance in them: `ulp.BINS`
    printed: bool = False  # whether one of the two was read from print
    by_sample: tuple[int, ...] = ()  # the largest distance in each of `by_sample.Bins`
    bounds: tuple[BoundRatio, ...] = ()  # in the order of `quantities`; none before `with_bounds`

    @property
    def quantities(self) -> tuple[Comparison, ...]:
        """Parameters, and prediction and loss where there are any."""
        more = (one for one in (self.prediction, self.loss) if one is not None)
        return (*self.parameters, *more)


def compare_pair(
    a: str,
    b: str,
    of_a: Quantities,
    of_b: Quantities,
    *,
    first_sample: int,
    bins: Bins | None = None,
) -> Pair:
    """Compares one block of samples of two implementations, whose names are a and b."""
    dtype = coarser_dtype(*(one.parameters["b1"].dtype for one in (of_a, of_b)))
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
        peers=peers.count_breaking(left.values(), right.values(), dtype.name),
        ulp_histogram=ulp.bin_counts(distances),
        printed=of_a.printed or of_b.printed,
        by_sample=along_samples(bins, distances, first_sample),
    )


def along_samples(bins: Bins | None, distances: np.ndarray, first: int) -> tuple[int, ...]:
    """Returns the largest of [N] distances in every bin, if there are any."""
    return () if bins is None else by_sample.largest_by_bin(bins, distances, first_sample=first)


def with_bounds(
    pair: Pair,
    of_a: Quantities,
    of_b: Quantities,
    allowed_a: Allowance,
    allowed_b: Allowance,
    *,
    samples: np.ndarray,
) -> Pair:
    """Adds end-to-end bounds of some samples, whose arrays and numbers these are."""
    left, right = name_all(of_a), name_all(of_b)
    found = tuple(
        bounds.bound_ratio(name, left[name], right[name], allowed_a, allowed_b, samples=samples)
        for name in left
        if name in right
    )
    merged = tuple(map(bounds.merge, pair.bounds, found)) if pair.bounds else found
    return dataclasses.replace(pair, bounds=merged)


def merge(earlier: Pair, later: Pair) -> Pair:
    """Joins what two sets of samples gave, in any order."""
    return dataclasses.replace(
        earlier,
        parameters=tuple(map(metrics.merge, earlier.parameters, later.parameters)),
        prediction=_merge(earlier.prediction, later.prediction),
        loss=_merge(earlier.loss, later.loss),
        digits=tuple(map(digits.merge, earlier.digits, later.digits)),
        peers=peers.merge(earlier.peers, later.peers),
        ulp_histogram=tuple(map(operator.add, earlier.ulp_histogram, later.ulp_histogram)),
        by_sample=by_sample.merge(earlier.by_sample, later.by_sample),
        bounds=tuple(map(bounds.merge, earlier.bounds, later.bounds))
        if earlier.bounds and later.bounds
        else earlier.bounds or later.bounds,
    )


def _merge(earlier: Comparison | None, later: Comparison | None) -> Comparison | None:
    return metrics.merge(earlier, later) if earlier and later else None
