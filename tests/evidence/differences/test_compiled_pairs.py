"""The compiled comparison finds what the one in NumPy finds."""

import dataclasses

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from compare.evidence.differences.compiled_pairs import (
    columns_of,
    compare_measured,
    measure_columns,
)
from compare.evidence.differences.pairs import compare_pair, merge
from compare.problem.quantities import Quantities, name_all

N = 8  # samples that columns are made for


def quantities(rng, dtype, n=6, scale=1.0):
    shapes = {"w1": (2, 3), "b1": (3,), "w2": (3, 1), "b2": (1,)}
    arrays = {k: (rng.standard_normal((n, *s)) * scale).astype(dtype) for k, s in shapes.items()}
    return Quantities(arrays, arrays["b2"] + 1, np.abs(arrays["b2"][:, 0]))


def changed(of, change):
    named = {k: change(v) for k, v in name_all(of).items()}
    prediction, loss = named.pop("prediction"), named.pop("loss")
    return Quantities(named, prediction, loss)


def both_ways(a, b, **options):
    return fast(a, b, **options), compare_pair("a", "b", a, b, first_sample=5)


def fast(a, b, first_sample=5, so_far=None):
    n = len(a.parameters["b1"])
    found = measure_columns(*(columns_of(of, max(n, N)) for of in (a, b)), n)
    options = {"first_sample": first_sample, "so_far": so_far}
    return found and compare_measured("a", "b", a, b, *found, **options)


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
    for _ in range(5):
        a = quantities(rng, dtype, scale=scale)
        with np.errstate(all="ignore"):
            b = changed(a, CHANGES[change](rng))
        found, slow = both_ways(a, b)
        assert found == slow


def of_columns(*columns):
    """Quantities of a network 2-1 from three values of each of 6 samples."""
    values = np.stack(columns, axis=1)
    return Quantities({"w1": values[:, :2, None], "b1": values[:, 2:]}, None, None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("power", [-30, -8, -7, -1, 0, 3, 12, 30])
def test_print_beside_powers_of_ten(dtype, power):
    shares = (0, 3e-16, 1e-7, 4e-6, 6e-6, 4e-5, 6e-5, 1e-3, 0.3)
    values = [10.0**power * (1 + sign * share) for share in shares for sign in (-1, 1)]
    for one in np.array(values, dtype):
        here = of_columns(*np.full((3, 6), one))
        for others in np.array(values, dtype).reshape(3, 6):
            there = of_columns(others, others, others)
            found, slow = both_ways(here, there)
            assert found == slow


# Numbers such as 1.23455e-7, that print rounds up or down by what lies beyond their digits.
powers = st.just(-7) | st.integers(-8, 8)
tie = st.tuples(st.integers(-99_999, 99_999), powers, st.integers(-3, 3))


@hypothesis.given(
    st.lists(tie, min_size=18, max_size=18), st.sampled_from([np.float32, np.float64])
)
@hypothesis.settings(deadline=None, max_examples=300)
def test_print_on_either_side_of_a_tie(ties, dtype):
    def near(digits, power, ulps):
        value = dtype(f"{digits}.5e{power}")
        for _ in range(abs(ulps)):
            value = np.nextafter(value, dtype(np.inf * ulps))
        return value

    values = np.array([near(*one) for one in ties]).reshape(3, 6)
    found, slow = both_ways(of_columns(*values), of_columns(*np.nextafter(values, dtype(9))))
    assert found == slow


def a_sample_each(values):
    """Quantities with one number in each sample, so that NumPy counts no more than it has to."""
    return Quantities({"w1": values[:, None, None], "b1": values[:, None]}, None, None)


@pytest.mark.parametrize("power", [-278, -7, 16])
def test_half_a_unit_of_the_last_digit_more_or_less(power):
    digits = np.random.default_rng(0).integers(10_000, 99_999, 200)
    for third in (3, 0):  # with 0, print is too close to call
        larger = np.array([float(f"{one}.{third}e{power}") for one in digits])
        half = np.array([float(f"{one - 1}.{third + 5}e{power}") for one in digits])
        away = [half, half * (1 - 1e-11), half * (1 + 1e-11), half * (1 - 1e-9), half * (1 + 1e-9)]
        smaller = np.concatenate([*away, half - np.spacing(half), half + np.spacing(half)])
        found, slow = both_ways(a_sample_each(np.tile(larger, 7)), a_sample_each(smaller))
        assert found == slow


@pytest.mark.parametrize("share", [1e-6, 4.999e-6, 5.001e-6, 3e-5, 4.999e-5, 5.001e-5, 5e-4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_half_a_unit_on_either_side_of_every_power_of_ten(dtype, share):
    powers = range(-37, 38) if dtype == np.float32 else range(-290, 305)
    tens = np.array([float(f"1e{power}") for power in powers], dtype)
    two = dtype(2.0) ** np.floor(np.log2(tens))  # -681 is the exponent of one close to 1e-205
    near = (np.nextafter(tens, dtype(0)), np.nextafter(tens, dtype(np.inf)), two)
    larger = np.concatenate([tens, *near])
    smaller = (larger.astype(np.float64) * (1 - share)).astype(dtype)
    found, slow = both_ways(a_sample_each(larger), a_sample_each(smaller))
    assert found == slow


@pytest.mark.parametrize("scale", [1e-300, 1e-305, 1e-307])
def test_nothing_is_said_where_differences_may_be_subnormal(scale):
    a = quantities(np.random.default_rng(0), np.float64, scale=scale)
    b = changed(a, lambda array: array * (1 + 1e-9))
    assert both_ways(a, b)[0] is None


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e-40, -1e-45])
@pytest.mark.parametrize("side", [0, 1])
def test_nothing_is_said_of_unusual_entries(value, side):
    pair = [quantities(np.random.default_rng(0), np.float32) for _ in range(2)]
    pair[side].parameters["w1"][3, 1, 2] = value
    assert both_ways(*pair)[0] is None
    alone = columns_of(pair[side], N)
    assert measure_columns(alone, alone, 6) is None


def test_the_same_object_is_measured_as_itself():
    of = quantities(np.random.default_rng(0), np.float32)
    column = columns_of(of, N)
    itself = compare_measured("a", "b", of, of, *measure_columns(column, column, 6), first_sample=5)
    assert itself == compare_pair("a", "b", of, of, first_sample=5)


def test_nothing_is_said_of_other_dtypes_or_of_two():
    rng = np.random.default_rng(0)
    a, b = quantities(rng, np.float32), quantities(rng, np.float64)
    assert both_ways(a, b)[0] is None
    assert columns_of(quantities(rng, np.float16), N) is None


def test_what_cannot_win_is_left_out():
    rng = np.random.default_rng(0)
    a, b, c = (quantities(rng, np.float32) for _ in range(3))
    far = changed(a, lambda array: -3 * array)
    first = both_ways(a, far)[1]
    later = compare_pair("a", "b", b, c, first_sample=11)
    short = fast(b, c, first_sample=11, so_far=first)
    assert None in {one.max_abs for one in short.quantities}
    assert merge(first, short) == merge(first, later) == merge(short, first)


def test_order_does_not_matter():
    rng = np.random.default_rng(1)
    parts = []
    for first in (0, 6, 12, 18):
        a = quantities(rng, np.float32)
        b = changed(a, nudged(rng, 1)) if first else a
        parts.append(compare_pair("a", "b", a, b, first_sample=first))
    forward = merge(merge(merge(*parts[:2]), parts[2]), parts[3])
    backward = merge(merge(parts[3], parts[2]), merge(parts[1], parts[0]))
    assert dataclasses.asdict(forward) == dataclasses.asdict(backward)


def test_histograms_count_samples_by_their_largest_distance():
    rng = np.random.default_rng(0)
    a = quantities(rng, np.float32)
    b = changed(a, lambda array: array.copy())
    b.parameters["w1"][2, 0, 0] = np.nextafter(a.parameters["w1"][2, 0, 0], np.float32(9))
    b.parameters["w2"][4, 0, 0] = -a.parameters["w2"][4, 0, 0]
    found, slow = both_ways(a, b)
    assert found.ulp_histogram == slow.ulp_histogram
    assert found.ulp_histogram[:2] == (4, 1)
    assert sum(found.ulp_histogram) == 6
