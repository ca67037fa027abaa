"""All that is measured between two implementations."""

import dataclasses
from typing import NamedTuple

import numpy as np

from compare.evidence import bounds, digits, metrics, peers
from compare.evidence.bounds import Allowance, BoundRatio
from compare.evidence.digits import Agreement
from compare.evidence.metrics import Comparison
from compare.evidence.peers import PeerFacts
from compare.evidence.ulp import coarser_dtype


class Quantities(NamedTuple):
    """The arrays of one implementation, by the names that reports use."""

    parameters: dict[str, np.ndarray]  # w1 [N, ...], b1 [N, ...], ...
    prediction: np.ndarray  # [N, k]
    loss: np.ndarray  # [N]


def name_all(quantities: Quantities) -> dict[str, np.ndarray]:
    """Returns w1, b1, ..., prediction and loss."""
    more = {"prediction": quantities.prediction, "loss": quantities.loss}
    return {**quantities.parameters, **more}


@dataclasses.dataclass(frozen=True)
class Pair:
    """Implementations a and b, compared over all samples seen so far."""

    a: str
    b: str
    dtype: str  # the coarser of the two, in which ulps are counted
    parameters: tuple[Comparison, ...]
    prediction: Comparison
    loss: Comparison
    digits: tuple[Agreement, ...]
    peers: PeerFacts
    bounds: tuple[BoundRatio, ...] = ()  # in the order of `quantities`; none before `with_bounds`

    @property
    def quantities(self) -> tuple[Comparison, ...]:
        """Parameters, prediction and loss."""
        return (*self.parameters, self.prediction, self.loss)


def compare_pair(a: str, b: str, of_a: Quantities, of_b: Quantities, *, first_sample: int) -> Pair:
    """Compares one block of samples of two implementations, whose names are a and b."""

    def compare(name: str, left: np.ndarray, right: np.ndarray) -> Comparison:
        return metrics.compare_arrays(name, left, right, first_sample=first_sample)

    left, right = of_a.parameters, of_b.parameters
    dtype = coarser_dtype(of_a.loss.dtype, of_b.loss.dtype).name
    return Pair(
        a=a,
        b=b,
        dtype=dtype,
        parameters=tuple(compare(name, left[name], right[name]) for name in left),
        prediction=compare("prediction", of_a.prediction, of_b.prediction),
        loss=compare("loss", of_a.loss, of_b.loss),
        digits=digits.count_agreements(list(left.values()), list(right.values())),
        peers=peers.count_breaking(left.values(), right.values(), dtype),
    )


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
    )
    merged = tuple(map(bounds.merge, pair.bounds, found)) if pair.bounds else found
    return dataclasses.replace(pair, bounds=merged)


def merge(earlier: Pair, later: Pair) -> Pair:
    """Joins what two blocks of samples gave."""
    return dataclasses.replace(
        earlier,
        parameters=tuple(map(metrics.merge, earlier.parameters, later.parameters)),
        prediction=metrics.merge(earlier.prediction, later.prediction),
        loss=metrics.merge(earlier.loss, later.loss),
        digits=tuple(map(digits.merge, earlier.digits, later.digits)),
        peers=peers.merge(earlier.peers, later.peers),
        bounds=tuple(map(bounds.merge, earlier.bounds, later.bounds))
        if earlier.bounds and later.bounds
        else earlier.bounds or later.bounds,
    )
