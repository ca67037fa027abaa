"""The largest difference along a run."""

import numpy as np
import pytest

from compare.evidence.differences.sample_bins import MOST_BINS, bins_of, largest_by_bin, merge

RUNS = {
    "one": range(1),
    "one_of_many": range(77, 78),
    "as_many_as_bins": range(MOST_BINS),
    "one_more": range(MOST_BINS + 1),
    "thousands": range(9_001),
}


@pytest.mark.parametrize("name", RUNS)
def test_bins_cover_a_run(name):
    samples = RUNS[name]
    bins = bins_of(samples)
    assert bins.first == samples.start
    assert bins.total <= MOST_BINS
    assert (bins.total - 1) * bins.width < len(samples) <= bins.total * bins.width


@pytest.mark.parametrize("name", RUNS)
def test_blocks_merge_to_the_maxima_of_bins(name):
    samples = RUNS[name]
    bins = bins_of(samples)
    distances = np.random.default_rng(0).integers(0, 2**63, len(samples), np.uint64)
    found = ()
    starts = range(0, len(samples), 100)
    for start in np.random.default_rng(1).permutation(starts).tolist():
        block = distances[start : start + 100]
        found = merge(found, largest_by_bin(bins, block, first_sample=samples.start + start))
    edges = np.arange(bins.total) * bins.width
    assert found == tuple(np.maximum.reduceat(distances, edges).tolist())
