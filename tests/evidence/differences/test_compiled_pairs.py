"""The compiled comparison finds what the one in NumPy finds."""

import dataclasses
import functools

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from compare.evidence.differences import compiled_pairs
from compare.evidence.differences.columns import columns_of, screen_columns
from compare.evidence.differences.compiled_pairs import Side, compare_sides, known_of
from compare.evidence.differences.pairs import compare_pair, merge
from compare.evidence.differences.sample_bins import bins_of
from compare.problem.answer_matrix import pack
from compare.problem.answers import Answer, arrays_of, quantities, with_arrays
from jaxmlp import Layer

N = 8  # samples that columns are made for


@pytest.fixture(autouse=True)
def _nothing_left_to_numpy(monkeypatch):
    """Compares all samples in NumPy only where every one has to be."""
    monkeypatch.setattr(compiled_pairs, "_MOST", 1)


def answer(rng, dtype, n=6, scale=1.0):
    shapes = ((2, 3), (3,)), ((3, 1), (1,))
    drawn = [
        [(rng.standard_normal((n, *shape)) * scale).astype(dtype) for shape in layer]
        for layer in shapes
    ]
    bias = drawn[-1][1]
    return pack(Answer(tuple(Layer(*one) for one in drawn), bias + 1, np.abs(bias[:, 0])))


def changed(of, change):
    return pack(with_arrays(of, [change(array) for array in arrays_of(of)]))


def both_ways(a, b, **options):
    return fast(a, b, **options), slow(a, b, **options)


def slow(a, b, first_sample=5, bins=None):
    sides = (quantities(one, "out_in") for one in (a, b))
    with np.errstate(all="ignore"):
        return compare_pair("a", "b", *sides, first_sample=first_sample, bins=bins)


def fast(a, b, first_sample=5, so_far=None, bins=None):
    p = columns_of(a, max(len(a.loss), N) if a.loss is not None else max(len(a.grads[0].b), N))
    q = p if a is b else columns_of(b, p.numbers.shape[1])
    sides = (Side(k, quantities(one, "out_in"), of) for k, one, of in (("a", a, p), ("b", b, q)))
    known = known_of(so_far, first_sample)
    return compare_sides(*sides, known, first_sample=first_sample, bins=bins)


def nudged(rng, ulps):
    def change(array):
        away = array
        for _ in range(ulps):
            away = np.nextafter(away, array.dtype.type(np.inf))
        return np.where(rng.random(array.shape) < 0.5, array, away)

    return change


CHANGES = {
    "same": lambda rng: lambda array: array.copy(),
    "one_ulp": lambda rng: nudged(rng, 1),
    "seven_ulps": lambda rng: nudged(rng, 7),
    "negated": lambda rng: lambda array: -array,
    "doubled": lambda rng: lambda array: 2 * array,
    "zero": lambda rng: lambda array: 0 * array,
    "other_zero": lambda rng: lambda array: np.where(rng.random(array.shape) < 0.5, -0.0, array),
    "sixth_digit": lambda rng: lambda array: array * array.dtype.type(1 + 3e-6),
    "other": lambda rng: lambda array: rng.standard_normal(array.shape).astype(array.dtype),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("scale", [1.0, 4e-8, 1e-9, 1e7, 1e30])
def test_what_numpy_finds(dtype, change, scale):
    rng = np.random.default_rng(0)
    a = answer(rng, dtype, scale=scale)
    with np.errstate(all="ignore"):
        b = changed(a, CHANGES[change](rng))
    found, expected = both_ways(a, b)
    assert found == expected


def of_columns(*columns):
    """Gradients of a network 2-1 from three values of each of 6 samples."""
    values = np.stack(columns, axis=1)
    return pack(Answer((Layer(values[:, :2, None], values[:, 2:]),)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("power", [-30, -8, -7, -1, 0, 3, 12, 30])
def test_print_beside_powers_of_ten(dtype, power):
    shares = (0, 3e-16, 1e-7, 4e-6, 6e-6, 4e-5, 6e-5, 1e-3, 0.3)
    values = [10.0**power * (1 + sign * share) for share in shares for sign in (-1, 1)]
    for one in np.array(values, dtype)[::3]:  # some of either sign
        here = of_columns(*np.full((3, 6), one))
        for others in np.array(values, dtype).reshape(3, 6):
            there = of_columns(others, others, others)
            found, expected = both_ways(here, there)
            assert found == expected


# Numbers such as 1.23455e-7, that print rounds up or down by what lies beyond their digits.
powers = st.just(-7) | st.integers(-8, 8)
tie = st.tuples(st.integers(-99_999, 99_999), powers, st.integers(-3, 3))


@hypothesis.given(
    st.lists(tie, min_size=18, max_size=18), st.sampled_from([np.float32, np.float64])
)
@hypothesis.settings(deadline=None, max_examples=80)
def test_print_on_either_side_of_a_tie(ties, dtype):
    def near(digits, power, ulps):
        value = dtype(f"{digits}.5e{power}")
        for _ in range(abs(ulps)):
            value = np.nextafter(value, dtype(np.inf * ulps))
        return value

    values = np.array([near(*one) for one in ties]).reshape(3, 6)
    found, expected = both_ways(of_columns(*values), of_columns(*np.nextafter(values, dtype(9))))
    assert found == expected


def a_sample_each(values):
    """One number in each sample, so that NumPy counts no more than it has to."""
    return pack(Answer((Layer(values[:, None, None], values[:, None]),), None, values))


@pytest.mark.isa  # a processor that multiplies and adds at once needs no margin
def test_float64_numbers_beside_ties_of_decimals():
    ties = np.random.default_rng(0).integers(0, 10**7, 400)
    values = np.array([float(f"{tie}.5e-7") for tie in ties])
    for other in (np.nextafter(values, 0), np.nextafter(values, 2)):
        found, expected = both_ways(a_sample_each(values), a_sample_each(other))
        assert found == expected
        assert found.digits[-1].rule == "decimals_7_text"
        assert 0 < found.digits[-1].samples_agreeing < 400


def test_distances_are_of_parameters_alone():
    a = answer(np.random.default_rng(0), np.float32)
    b = changed(a, lambda array: array.copy())
    for array in (b.prediction, b.loss):
        array *= np.float32(1.5)
    found, expected = both_ways(a, b, bins=bins_of(range(5, 11)))
    assert found == expected
    assert found.ulp_histogram[0] == 6
    assert not any(found.by_sample)
    assert all(one.agrees for one in found.digits)
    assert not any(found.peers.breaking.values())


@pytest.mark.parametrize("power", [-278, -7, 16])
def test_half_a_unit_of_the_last_digit_more_or_less(power):
    digits = np.random.default_rng(0).integers(10_000, 99_999, 200)
    for third in (3, 0):  # with 0, print is too close to call
        larger = np.array([float(f"{one}.{third}e{power}") for one in digits])
        half = np.array([float(f"{one - 1}.{third + 5}e{power}") for one in digits])
        away = [half, half * (1 - 1e-11), half * (1 + 1e-11), half * (1 - 1e-9), half * (1 + 1e-9)]
        smaller = np.concatenate([*away, half - np.spacing(half), half + np.spacing(half)])
        found, expected = both_ways(a_sample_each(np.tile(larger, 7)), a_sample_each(smaller))
        assert found == expected


@pytest.mark.parametrize("share", [1e-6, 4.999e-6, 5.001e-6, 3e-5, 4.999e-5, 5.001e-5, 5e-4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_half_a_unit_on_either_side_of_every_power_of_ten(dtype, share):
    powers = range(-37, 38) if dtype == np.float32 else range(-290, 305)
    tens = np.array([float(f"1e{power}") for power in powers], dtype)
    two = dtype(2.0) ** np.floor(np.log2(tens))  # -681 is the exponent of one close to 1e-205
    near = (np.nextafter(tens, dtype(0)), np.nextafter(tens, dtype(np.inf)), two)
    larger = np.concatenate([tens, *near])
    smaller = (larger.astype(np.float64) * (1 - share)).astype(dtype)
    found, expected = both_ways(a_sample_each(larger), a_sample_each(smaller))
    assert found == expected


@pytest.mark.parametrize("scale", [1e-300, 1e-305, 1e-307])
def test_differences_that_may_be_subnormal(scale):
    a = answer(np.random.default_rng(0), np.float64, scale=scale)
    found, expected = both_ways(a, changed(a, lambda array: array * (1 + 1e-9)))
    assert found == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e-40, -1e-45, 1.1754942e-38])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_unusual_entries(value, side, dtype):
    pair = [answer(np.random.default_rng(seed), dtype) for seed in (0, 0)]
    for array, place in zip(arrays_of(pair[side]), ((3, 1, 2), (4, 0), (4, 1, 0)), strict=False):
        array[place] = value
    for a, b in (pair, (pair[side], pair[side])):
        for blocks in ((a, b), (b, a)):
            assert repr(fast(*blocks)) == repr(slow(*blocks))


def test_the_same_object_is_compared_with_itself():
    of = answer(np.random.default_rng(0), np.float32)
    found, expected = both_ways(of, of)
    assert found == expected


def test_no_columns_of_what_cannot_be_screened():
    rng = np.random.default_rng(0)
    a, b = answer(rng, np.float32), answer(rng, np.float64)
    assert not columns_of(a, N).is_like(columns_of(b, N))
    assert not columns_of(a, N).is_like(columns_of(pack(a._replace(loss=None)), N))
    assert columns_of(answer(rng, np.float16), N) is None
    assert columns_of(a._replace(printed=a.grads), N) is None
    assert columns_of(a._replace(loss=a.loss.astype(np.float64)), N) is None


def test_what_is_near_is_not_left_to_numpy(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("all samples are compared in NumPy")

    monkeypatch.setattr(compiled_pairs, "_MOST", 2)
    rng = np.random.default_rng(0)
    a = answer(rng, np.float32, n=300)
    first = slow(a, changed(a, nudged(rng, 7)))
    monkeypatch.setattr(compiled_pairs, "compare_pair", fail)
    b = changed(a, nudged(rng, 1))
    found = fast(a, b, first_sample=305, so_far=first)
    assert merge(first, found) == merge(first, slow(a, b, first_sample=305))
    assert fast(a, b, first_sample=305) == slow(a, b, first_sample=305)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-37, 1e-9, 1.0, 1e9, 1e37])
@pytest.mark.parametrize("share", [1e-7, 1e-6, 1e-5, 1e-3, 0.5, 2.0])
def test_the_screen_leaves_few_entries_open(dtype, scale, share):
    a = answer(np.random.default_rng(0), dtype, n=300, scale=scale)
    b = changed(a, lambda array: array * dtype(1 - share))
    sides = [columns_of(one, 300) for one in (a, b)]
    limits = np.full((5, len(sides[0].numbers), 1), np.finfo(np.float32).max)
    rows, _ = screen_columns(*sides, limits).open_entries
    may_be_zeros = share == 2 and scale < 1  # of opposite signs, in print
    assert len(rows) * 100 < sides[0].parameters * 300 or may_be_zeros
    found, expected = both_ways(a, b)
    assert found == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_entry_of_many_breaks_every_rule(dtype):
    values = np.random.default_rng(0).uniform(1, 2, (N, 20, 11)).astype(dtype)
    sides = (values, values * dtype(1 + 2e-6), values * dtype(1 + 1e-3))
    a, near, far = (pack(Answer((Layer(of, of[:, 0] * 3),))) for of in sides)
    first = slow(a, far, first_sample=0)
    for b in (near, far):
        found = fast(a, b, first_sample=N, so_far=first)
        expected = slow(a, b, first_sample=N)
        assert (found.digits, found.peers.breaking) == (expected.digits, expected.peers.breaking)
        assert found.peers.breaking["chex.assert_trees_all_close"] == N * 231


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_first_of_equal_maxima_wins(dtype):
    one, other = (a_sample_each(np.full(6, value, dtype)) for value in (1, 2))
    blocks = [(start, *both_ways(one, other, first_sample=start)) for start in (6, 12, 0)]
    found, expected = None, None
    for start, _, reference in blocks:
        block = fast(one, other, first_sample=start, so_far=found)
        found = block if found is None else merge(found, block)
        expected = reference if expected is None else merge(expected, reference)
    assert found == expected
    assert found.parameters[0].max_ulp.sample == 0


ULP = 2.0**-23  # of a float32 from 1 to 2
# One entry of the first block, and one of the second that raises what is named, and little else.
RAISED = {
    "max_abs": ((64.0, 64.0), (8.0, 8 + 8 * ULP)),
    "max_rel": ((1.0, 1.0), (1.0, 1 + 3 * ULP)),
    "max_ulp": ((1.0, 1.0), (1 - 4 * ULP, 1 - 2 * ULP)),
    "magnitude": ((64.0, 64.0), (64 + 64 * ULP, 64 + 64 * ULP)),
    "smallest_rtol": ((1.0, 1 + 3 * ULP), (1 + 4 * ULP, 1 + ULP)),
}


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sample", [0, 5, 15])
def test_a_maximum_is_raised_by_one_entry(raised, dtype, sample):
    rng = np.random.default_rng(0)
    blocks = []
    for i, (a, b) in enumerate(RAISED[raised]):
        left = rng.uniform(1.3, 1.9, 16).astype(np.float32)
        right = left + np.float32(3 * ULP)
        sides = [a_sample_each(side.astype(dtype)) for side in (left, right)]
        for side, value in zip(sides, (a, b), strict=True):
            array = side.grads[0].w if raised == "smallest_rtol" else side.loss
            array[sample if i else 2] = value
        so_far = blocks[0][0] if blocks else None
        found = fast(*sides, first_sample=16 * i, so_far=so_far)
        blocks.append((found, slow(*sides, first_sample=16 * i)))
    found, expected = (merge(*pair) for pair in zip(*blocks, strict=True))
    assert found == expected
    before = blocks[0][1]
    if raised == "smallest_rtol":
        assert found.peers.smallest_rtol > before.peers.smallest_rtol
    else:
        was, now = (getattr(one.loss, raised) for one in (before, found))
        assert now > was if raised == "magnitude" else now.value > was.value


# Zeros, ties, powers of two and of ten, rounding boundaries of print, and limits of the rules.
SPECIAL = [
    *(0.0, -0.0, 1.0, 2.0, 0.5, 1e-7, 5e-8, 1e-5, 1e5, 99999.5, 9999.95, 1e4, 1e-4, 1.5e-7, 1e-8),
    *(9.9999e-9, 1e-12, 12345.5, 1.23455, 1.2345500e-4, 9.99995, 0.99999, 1e-30, 1e30, 3.4e38),
    *(np.inf, np.nan, 1e-45, 1e-40, 1.1754944e-38, 2.0**-126, 2.0**100, 1.19209, 1.192),
]
numbers = st.sampled_from(SPECIAL) | st.floats(-10, 10, width=32)
steps = st.integers(-3, 3) | st.sampled_from([-200, -84, -8, 8, 84, 200, 2**22])
changes = st.sampled_from(["ulps", "sign", "zero", "other", "nothing"])
entries = st.lists(st.tuples(numbers, changes, steps, numbers), min_size=18, max_size=18)


def pair_of(drawn, dtype):
    """Two answers, from numbers and how they change."""
    whole = np.dtype(f"i{np.dtype(dtype).itemsize}").type
    sides = []
    for number, change, ulps, other in drawn:
        a = dtype(number)
        finite = np.isfinite(a)
        moved = (a.view(whole) + whole(ulps if finite else 0)).view(dtype)
        b = {"ulps": moved, "sign": -a, "zero": dtype(0), "other": dtype(other), "nothing": a}
        sides.append((a, b[change]))
    return (of_columns(*side.reshape(3, 6)) for side in np.array(sides, dtype).T)


@hypothesis.given(
    st.lists(entries, min_size=1, max_size=3), st.sampled_from([np.float32, np.float64])
)
@hypothesis.settings(deadline=None, max_examples=50)
def test_blocks_add_up_to_what_numpy_finds(blocks, dtype):
    bins = bins_of(range(6 * len(blocks)))
    found, expected = [], []
    with np.errstate(all="ignore"):
        for i, drawn in enumerate(blocks):
            pair, options = tuple(pair_of(drawn, dtype)), {"first_sample": 6 * i, "bins": bins}
            so_far = functools.reduce(merge, found) if found else None
            found.append(fast(*pair, so_far=so_far, **options))
            expected.append(slow(*pair, **options))
    assert repr(functools.reduce(merge, found)) == repr(functools.reduce(merge, expected))


def test_what_cannot_win_is_left_out():
    rng = np.random.default_rng(0)
    a, b = answer(rng, np.float32), answer(rng, np.float32, scale=0.01)
    first = slow(a, changed(a, lambda array: -3 * array))
    c = changed(b, lambda array: 2 * array)
    later = slow(b, c, first_sample=11)
    short = fast(b, c, first_sample=11, so_far=first)
    assert {one.max_abs for one in short.quantities} == {None}
    assert merge(first, short) == merge(first, later) == merge(short, first)


def test_order_does_not_matter():
    rng = np.random.default_rng(1)
    parts = []
    for first in (0, 6, 12, 18):
        a = answer(rng, np.float32)
        b = changed(a, nudged(rng, 1)) if first else a
        parts.append(slow(a, b, first_sample=first))
    forward = merge(merge(merge(*parts[:2]), parts[2]), parts[3])
    backward = merge(merge(parts[3], parts[2]), merge(parts[1], parts[0]))
    assert dataclasses.asdict(forward) == dataclasses.asdict(backward)


def test_histograms_count_samples_by_their_largest_distance():
    rng = np.random.default_rng(0)
    a = answer(rng, np.float32)
    b = changed(a, lambda array: array.copy())
    b.grads[0].w[2, 0, 0] = np.nextafter(a.grads[0].w[2, 0, 0], np.float32(9))
    b.grads[1].w[4, 0, 0] = -a.grads[1].w[4, 0, 0]
    found, expected = both_ways(a, b)
    assert found.ulp_histogram == expected.ulp_histogram
    assert found.ulp_histogram[:2] == (4, 1)
    assert sum(found.ulp_histogram) == 6
