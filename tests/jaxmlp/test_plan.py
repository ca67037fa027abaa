"""Plans of sweeps, chosen and given."""

import pytest

from jaxmlp import sweep
from jaxmlp.plan import chunk_size
from tests.support.sweeps import SIZES


@pytest.mark.parametrize(
    ("sizes", "plan"),
    [
        ((2, 10, 10, 1), (-1, 512, 16_384)),
        ((10, *(50,) * 10, 1), (-1, 512, 512)),
        ((784, 512, 512, 10), (0, 32, 32)),
        ((5000, 5000, 10), (0, 1, 1)),
    ],
)
def test_what_is_chosen(sizes, plan):
    assert sweep.plan_for(sizes) == plan


def test_a_gpu_takes_many_samples_in_one_block():
    assert sweep.plan_for(SIZES, on_gpu=True) == (-1, 2**18, 2**18)
    assert sweep.plan_for((784, 512, 512, 10), on_gpu=True) == (0, 256, 256)
    assert sweep.plan_for(SIZES, on_gpu=True, block=64) == (-1, 64, 2**18)


def test_what_is_given_is_kept():
    assert sweep.plan_for(SIZES, sample_axis=0, chunk=2048) == (0, 512, 2048)
    assert sweep.plan_for(SIZES, block=3) == (-1, 3, 16_383)
    assert sweep.plan_for(SIZES, block=20_000) == (-1, 20_000, 20_000)


def test_a_chunk_fits_its_samples_in_few_sizes():
    plan = sweep.plan_for(SIZES)
    sizes = {n: chunk_size(n, plan) for n in range(1, 20_000)}
    assert all(min(n, plan.chunk) <= size < 1.25 * n + 2 * plan.block for n, size in sizes.items())
    assert all(size % plan.block == 0 for size in sizes.values())
    assert len(set(sizes.values())) == 15
    assert sizes[1] == 1024
    assert sizes[1025] == 1536
    assert sizes[10_000] == 10_240


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample_axis": 1}, "sample_axis: expected 0 or -1, first or last, got 1"),
        ({"sample_axis": "last"}, "sample_axis: expected 0 or -1, first or last, got 'last'"),
        ({"block": 0}, "block: expected at least 1 sample, got 0"),
        ({"chunk": 0}, "chunk: expected a multiple of block = 512, got 0"),
        ({"chunk": -1024}, "chunk: expected a multiple of block = 512, got -1024"),
        ({"chunk": 1000}, "chunk: expected a multiple of block = 512, got 1000"),
    ],
)
def test_plans_that_cannot_be(given, message):
    with pytest.raises(ValueError, match=message):
        sweep.plan_for(SIZES, **given)
