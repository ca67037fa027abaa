"""Distances in ulps, held beside steps of np.nextafter."""

import hypothesis
import hypothesis.strategies as st
import ml_dtypes
import numpy as np
import pytest

from compare.evidence.differences.ulp import coarser_dtype, ulp_distance

DTYPES = (np.float16, np.float32, np.float64)
WIDTHS = {np.float16: 16, np.float32: 32, np.float64: 64}


def distance(a, b, dtype):
    found = ulp_distance(np.array([a], dtype), np.array([b], dtype), np.dtype(dtype))
    assert (found.dtype, found.shape) == (np.uint64, (1,))
    return int(found[0])


def tiny(dtype):
    return np.finfo(dtype).smallest_normal


def largest(dtype):
    return np.finfo(dtype).max


def stepped(value, steps, towards):
    with np.errstate(over="ignore"):
        for _ in range(steps):
            value = np.nextafter(value, type(value)(towards))
    return value


def finite(dtype):
    return st.floats(width=WIDTHS[dtype], allow_nan=False, allow_infinity=False).map(dtype)


def normal(dtype):
    sizes = st.floats(float(tiny(dtype)), float(largest(dtype)), width=WIDTHS[dtype])
    return st.tuples(sizes, st.sampled_from([-1, 1])).map(lambda one: dtype(one[0] * one[1]))


@pytest.mark.parametrize("dtype", DTYPES)
@hypothesis.given(data=st.data(), steps=st.integers(0, 20))
@hypothesis.settings(deadline=None, max_examples=100)
def test_counts_the_steps_of_nextafter(dtype, data, steps):
    start = data.draw(normal(dtype))
    end = stepped(start, steps, np.copysign(np.inf, start))
    hypothesis.assume(np.isfinite(end))
    assert distance(start, end, dtype) == steps
    assert distance(-start, -end, dtype) == steps


@pytest.mark.parametrize("dtype", DTYPES)
@hypothesis.given(data=st.data())
@hypothesis.settings(deadline=None, max_examples=100)
def test_symmetric_and_zero_for_the_same_number_only(dtype, data):
    a, b = data.draw(normal(dtype)), data.draw(normal(dtype))
    assert distance(a, b, dtype) == distance(b, a, dtype)
    assert (distance(a, b, dtype) == 0) == (a == b)


@pytest.mark.parametrize("dtype", DTYPES)
@hypothesis.given(data=st.data())
@hypothesis.settings(deadline=None, max_examples=100)
def test_distances_add_up_along_the_line(dtype, data):
    a, b, c = sorted(data.draw(st.tuples(*[finite(dtype)] * 3)))
    assert distance(a, b, dtype) + distance(b, c, dtype) == distance(a, c, dtype)


@pytest.mark.parametrize(
    ("a", "b", "dtype", "expected"),
    [
        pytest.param(1, 1 + 2.0**-7, ml_dtypes.bfloat16, 1, id="bfloat16"),
        pytest.param(1, 1 + 2.0**-10, np.float16, 1, id="float16"),
        pytest.param(1, 1 + 2.0**-23, np.float32, 1, id="float32"),
        pytest.param(1, 1 + 2.0**-52, np.float64, 1, id="float64"),
        pytest.param(2, 2 - 2.0**-10, np.float16, 1, id="below_a_power_of_two"),
        pytest.param(1, 2, np.float32, 2**23, id="one_binade"),
        pytest.param(0.0, -0.0, np.float64, 0, id="both_zeros"),
        pytest.param(-1, 1, np.float16, 2 * 0x3C00, id="float16_opposite_signs"),
        pytest.param(-65504, 65504, np.float16, 2 * 0x7BFF, id="float16_ends"),
        pytest.param(3e38, -3e38, np.float32, 2 * 0x7F61B1E6, id="float32_opposite_and_huge"),
        pytest.param(1e308, -1e308, np.float64, 2 * 0x7FE1CCF385EBC8A0, id="float64_opposite"),
        pytest.param(1, 0, np.float64, 0x3FF << 52, id="to_zero"),
    ],
)
def test_distances_by_hand(a, b, dtype, expected):
    assert distance(a, b, dtype) == distance(b, a, dtype) == expected


def test_float32_3e38_of_both_signs_is_about_4_27e9():
    assert distance(3e38, -3e38, np.float32) == pytest.approx(4.27e9, rel=2e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_longest_distance_does_not_overflow(dtype):
    longest = distance(largest(dtype), -largest(dtype), dtype)
    assert longest == 2 * distance(largest(dtype), 0, dtype)
    assert longest > distance(largest(dtype), 0, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("other", [0.0, -0.0, 1.0, -1.0])
def test_subnormals_count_as_zero(dtype, other):
    subnormals = [np.finfo(dtype).smallest_subnormal, np.nextafter(tiny(dtype), dtype(0))]
    for subnormal in (*subnormals, *np.negative(subnormals)):
        assert distance(subnormal, other, dtype) == distance(0, other, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_smallest_normal_number_is_no_zero(dtype):
    assert distance(tiny(dtype), 0, dtype) > 0
    assert distance(tiny(dtype), -tiny(dtype), dtype) == 2 * distance(tiny(dtype), 0, dtype)


def test_values_are_rounded_to_the_dtype_first():
    a, b = np.array([1.0, 1.0]), np.array([1 + 2.0**-23, 1 + 2.0**-25])
    np.testing.assert_array_equal(ulp_distance(a, b, np.dtype(np.float32)), [1, 0])


def test_float32_beside_float64():
    a, b = np.array([1.0], np.float32), np.array([1 + 2.0**-22])
    np.testing.assert_array_equal(ulp_distance(a, b, coarser_dtype(a.dtype, b.dtype)), [2])


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 3)], ids=str)
def test_any_shape(shape):
    a, b = np.full(shape, 1.0), np.full(shape, 1 + 2.0**-51)
    found = ulp_distance(a, b, np.dtype(np.float64))
    assert found.dtype == np.uint64
    np.testing.assert_array_equal(found, np.full(shape, 2))


def test_transposed_and_read_only_arrays_are_left_as_they_are():
    a = np.arange(6, dtype=np.float32).reshape(2, 3).T
    a[0, 0] = np.finfo(np.float32).smallest_subnormal
    a.flags.writeable = False
    before = a.copy()
    assert not ulp_distance(a, a, a.dtype).any()
    np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("float16", "float32", "float16"),
        ("float32", "float64", "float32"),
        ("float64", "float16", "float16"),
        ("float16", "bfloat16", "bfloat16"),
        ("float64", "float64", "float64"),
    ],
)
def test_the_coarser_dtype(a, b, expected):
    assert coarser_dtype(np.dtype(a), np.dtype(b)) == expected
    assert coarser_dtype(np.dtype(b), np.dtype(a)) == expected
