"""Which entries differ, and how large a difference is beside the value."""

import math

import numpy as np
import pytest

from compare.evidence.differences.bounds import Allowance
from compare.evidence.differences.entries import MOST_CELLS, entries_of, merge, over_pairs


def looked_at(a, b, allowed=1e-6):
    worst = {name: np.full(array.shape, allowed) for name, array in a.items()}
    return entries_of(a, b, Allowance(worst, worst), Allowance(worst, worst))


def arrays(shape=(2, 3), n=4):
    rng = np.random.default_rng(0)
    drawn = rng.uniform(1, 2, (n, *shape)).astype(np.float32)
    return {"w1": drawn, "b1": drawn[:, 0]}


def nudged(arrays, place):
    changed = {name: array.copy() for name, array in arrays.items()}
    entry = changed["w1"][place]
    changed["w1"][place] = np.nextafter(entry, np.float32(9))
    return changed


def test_a_map_has_the_shape_of_its_parameter():
    a = arrays()
    w1, b1 = looked_at(a, nudged(a, (3, 1, 2))).maps
    assert (w1.name, w1.shape, w1.cells) == ("w1", (2, 3), (2, 3))
    assert w1.ulp == (0, 0, 0, 0, 0, 1)
    assert w1.ratio[5] == pytest.approx(2.0**-23 / 2e-6)
    assert (b1.shape, b1.cells, b1.ulp) == ((3,), (1, 3), (0, 0, 0))


@pytest.mark.parametrize("shape", [(MOST_CELLS, 1), (MOST_CELLS + 1, 3), (784, 128), (1, 1000)])
def test_large_ones_are_pooled(shape):
    a = arrays(shape, n=1)
    b = nudged(a, (0, shape[0] - 1, 0))
    w1, _ = looked_at(a, b).maps
    assert max(w1.cells) <= MOST_CELLS
    assert w1.shape == shape
    grid = np.reshape(w1.ulp, w1.cells)
    assert grid[-1, 0] == 1
    assert grid.sum() == 1


@pytest.mark.parametrize("sides", ["one", "both"])
def test_what_is_not_finite_is_infinitely_far(sides):
    a, b = arrays(), arrays()
    a["w1"][1, 0, 1] = np.nan
    if sides == "both":
        b["w1"][1, 0, 1] = np.inf
    w1, _ = looked_at(a, b).maps
    assert w1.ulp == (0, math.inf, 0, 0, 0, 0)


def test_sizes_are_binary_exponents():
    a = {"w1": np.array([[[0.0, 1.0, 1.5, 2.0]]], np.float32)}
    b = {"w1": np.array([[[0.0, 1.0, 1.25, 2.0]]], np.float32)}
    one, two = looked_at(a, b).sizes
    assert (one.exponent, one.entries, one.error) == (0, 2, 0.25)
    assert (two.exponent, two.entries, two.error) == (1, 1, 0.0)
    assert one.least == one.most == 2e-6


def test_samples_merge_and_pairs_join():
    a, b = arrays(n=6), nudged(arrays(n=6), (4, 0, 0))
    whole = looked_at(a, b)

    def part(rows):
        return looked_at(*({k: v[rows] for k, v in side.items()} for side in (a, b)))

    parts = part(slice(0, 2)), part(slice(2, 6))
    assert merge(*parts) == merge(*reversed(parts)) == whole
    assert merge(None, whole) == merge(whole, None) == whole
    assert over_pairs(whole, looked_at(a, a)).samples == 6
    assert over_pairs(whole, looked_at(a, a)).maps == whole.maps


def test_no_statement_stays_one():
    a = arrays()
    found = looked_at(a, nudged(a, (0, 0, 0)), allowed=np.inf)
    assert all(one.most == math.inf for one in found.sizes)
    assert found.maps[0].ratio == (0,) * 6
