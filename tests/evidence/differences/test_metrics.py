import dataclasses

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis.extra import numpy as hnp

from compare.evidence.differences.metrics import compare_arrays, merge

F32 = np.float32
TINY = float(np.finfo(F32).smallest_normal)
NAN, INF = float("nan"), float("inf")

# Side by side, so that one draw makes both: two large ones are slow to draw.
two_arrays = hnp.array_shapes(min_dims=1, max_dims=3, max_side=3).flatmap(
    lambda shape: hnp.arrays(F32, (2, *shape), elements=st.floats(width=32)).map(tuple)
)


def compare(a, b, dtype=F32):
    return compare_arrays("w1", np.array(a, dtype), np.array(b, dtype))


def test_values_and_places_by_hand():
    a = [[[1.0, 2.0], [3.0, 4.0]], [[10.0, 0.0], [0.0, 1e-3]]]
    b = [[[1.0, 2.0], [3.0, 4.0]], [[10.5, 0.0], [0.0, 2e-3]]]
    c = compare(a, b, np.float64)
    assert c.shape == (2, 2)
    assert c.entries == 8
    assert (c.max_abs.value, c.max_abs.sample, c.max_abs.index) == (0.5, 1, (0, 0))
    assert (c.max_abs.a, c.max_abs.b) == (10.0, 10.5)
    assert (c.max_rel.value, c.max_rel.sample, c.max_rel.index) == (0.5, 1, (1, 1))
    assert c.scaled == 0.5 / 10.5


def test_relative_error_is_2_for_opposite_signs_and_0_for_equal_zeros():
    assert compare([3.0], [-3.0]).max_rel.value == 2
    assert compare([0.0], [0.0]).max_rel.value == 0
    assert compare([0.0], [-0.0]).max_rel.value == 0
    assert compare([0.0], [-0.0]).scaled == 0


def test_difference_is_taken_in_float64():
    a, b = F32(1), np.nextafter(F32(1), F32(2))
    assert compare([1e8], [1e8 + 8]).max_abs.value == 8
    assert compare([1e8], [1.0]).max_abs.value == 99_999_999  # 1e8 in float32
    assert compare([a], [b]).max_abs.value == 2.0**-23
    assert compare([a], [b]).max_ulp.value == 1


def test_float32_beside_float64_counts_ulps_in_float32():
    a, b = np.array([1.0], F32), np.array([1 + 2.0**-22])
    c = compare_arrays("w1", a, b)
    assert c.max_ulp.value == 2
    assert c.max_abs.value == 2.0**-22


def test_below_the_smallest_normal_is_counted_and_not_divided():
    c = compare([TINY / 2, TINY / 4, 1.0], [0.0, TINY / 8, 1.0])
    assert c.negligible == 2
    assert c.max_rel.value == 0
    assert c.max_abs.value == TINY / 2
    assert compare([TINY], [0.0]).max_rel.value == 1


def test_no_overflow_at_the_ends_of_float64():
    big = np.finfo(np.float64).max
    c = compare([big], [-big], np.float64)
    assert c.max_rel.value == 2
    assert np.isfinite(c.max_abs.value)
    assert c.max_ulp.value > 2**63


@pytest.mark.parametrize(
    ("a", "b", "same", "differ"),
    [
        (NAN, NAN, 1, 0),
        (INF, INF, 1, 0),
        (INF, -INF, 0, 1),
        (NAN, INF, 1, 0),
        (NAN, 1.0, 0, 1),
        (1.0, INF, 0, 1),
        (1.0, 1.0, 0, 0),
    ],
)
def test_non_finite_entries_are_counted_and_never_measured(a, b, same, differ):
    c = compare([a, 2.0], [b, 2.5])
    assert (c.nonfinite_same, c.nonfinite_differ) == (same, differ)
    assert c.max_abs.value == 0.5
    assert (c.first_nonfinite is None) == (same + differ == 0)


def test_nothing_finite_leaves_no_maximum():
    c = compare([NAN], [NAN])
    assert c.max_abs is c.max_rel is c.max_ulp is c.scaled is None


def test_a_difference_is_named_before_an_equal_nan():
    c = compare([NAN, INF], [NAN, 1.0])
    assert c.first_nonfinite.sample == 1
    first = compare([NAN], [NAN])
    second = compare_arrays("w1", np.array([INF], F32), np.array([1.0], F32), first_sample=1)
    assert merge(first, second).first_nonfinite.sample == 1


@hypothesis.given(two_arrays)
@hypothesis.settings(deadline=None, max_examples=80)
def test_symmetric(arrays):
    a, b = arrays
    there, back = compare_arrays("w1", a, b), compare_arrays("w1", b, a)
    for field in ("max_abs", "max_rel", "max_ulp"):
        p, q = getattr(there, field), getattr(back, field)
        assert (p is None and q is None) or (p.value, p.sample, p.index) == (
            q.value,
            q.sample,
            q.index,
        )
    for field in ("magnitude", "negligible", "nonfinite_same", "nonfinite_differ", "scaled"):
        assert getattr(there, field) == getattr(back, field)


@hypothesis.given(two_arrays, st.integers(0, 4))
@hypothesis.settings(deadline=None, max_examples=80)
def test_blocks_merge_to_the_whole(arrays, cut):
    a, b = arrays
    cut = min(cut, len(a) - 1)
    whole = compare_arrays("w1", a, b)
    if cut:
        later = compare_arrays("w1", a[cut:], b[cut:], first_sample=cut)
        merged = merge(compare_arrays("w1", a[:cut], b[:cut]), later)
        np.testing.assert_equal(dataclasses.asdict(merged), dataclasses.asdict(whole))


@hypothesis.given(two_arrays)
@hypothesis.settings(deadline=None, max_examples=80)
def test_relative_error_is_between_0_and_2(arrays):
    c = compare_arrays("w1", *arrays)
    assert c.max_rel is None or 0 <= c.max_rel.value <= 2
    assert c.scaled is None or 0 <= c.scaled <= 2
