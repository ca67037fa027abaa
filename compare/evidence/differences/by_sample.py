"""The largest difference in stretches of samples: where in a run it comes from."""

from typing import NamedTuple

import numpy as np

MOST_BINS = 128


class Bins(NamedTuple):
    """Stretches of equal width, which follow from the samples of the run: so blocks merge."""

    first: int  # the number of the first sample
    width: int
    total: int


def bins_of(samples: range) -> Bins:
    """Divides all samples of a run into at most MOST_BINS."""
    width = -(-len(samples) // MOST_BINS)
    return Bins(samples.start, width, -(-len(samples) // width))


def largest_by_bin(bins: Bins, distances: np.ndarray, *, first_sample: int) -> tuple[int, ...]:
    """Returns the largest distance of every bin, 0 where no sample of it is here.

    Args:
      bins: of the run.
      distances: [N] uint64.
      first_sample: the number of the first of them.
    """
    at = (first_sample - bins.first + np.arange(len(distances))) // bins.width
    found = np.zeros(bins.total, np.uint64)
    np.maximum.at(found, at, distances.astype(np.uint64))
    return tuple(found.tolist())


def merge(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """Joins two sets of samples, in any order."""
    return tuple(map(max, one, other)) if one and other else one or other
