"""The largest difference in each bin of consecutive samples: where in a run differences lie."""

from typing import NamedTuple

import numpy as np

MOST_BINS = 128


class SampleBins(NamedTuple):
    """Bins of equal width. All blocks of a run have the same ones."""

    first: int  # the number of the first sample
    width: int
    total: int


def bins_of(samples: range) -> SampleBins:
    """Divides the samples of a run into MOST_BINS bins at most."""
    width = -(-len(samples) // MOST_BINS)
    return SampleBins(samples.start, width, -(-len(samples) // width))


def largest_by_bin(
    bins: SampleBins, distances: np.ndarray, *, first_sample: int
) -> tuple[int, ...]:
    """Returns the largest distance in every bin, and 0 for a bin with none of these samples.

    Args:
      bins: of the run.
      distances: [N] uint64, one per sample.
      first_sample: the number of the first sample.
    """
    start = first_sample - bins.first
    first, last = start // bins.width, (start + len(distances) - 1) // bins.width
    begins = np.maximum(np.arange(first, last + 1) * bins.width - start, 0)
    found = [0] * bins.total
    found[first : last + 1] = np.maximum.reduceat(distances, begins).tolist()
    return tuple(found)


def merge(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """Joins two sets of samples, in any order."""
    return tuple(map(max, one, other)) if one and other else one or other
