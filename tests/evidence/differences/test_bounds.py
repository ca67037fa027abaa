import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from compare.evidence.differences.bounds import Allowance, bound_ratio, merge

INF, NAN = float("inf"), float("nan")
F32 = np.float32


def ratio(a, b, worst_a, worst_b, typical_a=None, typical_b=None, samples=None):
    a, b, worst_a, worst_b = (np.array(one, np.float64) for one in (a, b, worst_a, worst_b))
    of_a = Allowance({"w1": worst_a}, {"w1": worst_a if typical_a is None else typical_a})
    of_b = Allowance({"w1": worst_b}, {"w1": worst_b if typical_b is None else typical_b})
    numbers = np.arange(len(a)) if samples is None else np.array(samples)
    return bound_ratio("w1", a.astype(F32), b.astype(F32), of_a, of_b, samples=numbers)


def test_ratios_and_their_place_by_hand():
    found = ratio(
        [[[1, 2]], [[3, 4]]],
        [[[1, 2.5]], [[3, 2]]],
        [[[1, 1]], [[1, 3]]],
        [[[1, 1]], [[1, 1]]],
        typical_a=np.full((2, 1, 2), 0.3),
        typical_b=np.full((2, 1, 2), 0.4),
        samples=[7, 9],
    )
    assert found.name == "w1"
    assert (found.worst_ratio, found.sample, found.index) == (0.5, 9, (0, 1))
    assert found.typical_ratio == pytest.approx(4)  # 2 over the hypotenuse of 0.3 and 0.4
    assert (found.entries, found.vacuous) == (4, 0)


def test_vacuous_is_an_allowance_over_the_largest_entry_of_its_sample():
    found = ratio([[1, 4], [1, 1]], [[-5, 1], [1, 1]], [[3, 4], [1, 0]], [[2, 2], [0.5, 0]])
    assert found.vacuous == 2  # 4 + 2 > 5 and 1 + 0.5 > 1, but not 3 + 2 > 5
    assert ratio([[0, 0]], [[0, 0]], [[1, 1]], [[1, 1]]).vacuous == 0  # nothing to be larger than
    assert ratio([[1, 1]], [[1, 1]], [[INF, 0]], [[0, 0]]).vacuous == 1


def test_what_is_not_finite_is_left_to_the_metrics():
    found = ratio([[NAN, INF, 1, INF]], [[1, 1, NAN, -INF]], [[1] * 4], [[1] * 4])
    assert (found.worst_ratio, found.typical_ratio, found.vacuous) == (0, 0, 0)
    assert found.entries == 4


ONE_SIDED = {
    "infinity that may have overflowed": (INF, 1, INF, 0.5, 1, 0),
    "infinity that cannot have": (INF, 1, 0.5, 0.5, 1, 1),
    "the other side may overflow": (INF, 1, 0.5, INF, 1, 1),
    "NaN of an overflow": (1, NAN, 0.5, INF, 1, 0),
    "opposite infinities, both possible": (INF, -INF, INF, INF, 1, 0),
    "opposite infinities, one impossible": (INF, -INF, INF, 0.5, 1, 1),
    "the same on both sides": (INF, INF, 0.5, 0.5, 0, 0),
    "NaN and infinity": (NAN, INF, 0.5, 0.5, 0, 0),
    "finite": (1, 2, 0.5, INF, 0, 0),
}


@pytest.mark.parametrize("case", ONE_SIDED)
def test_what_overflow_explains(case):
    a, b, worst_a, worst_b, one_sided, unexplained = ONE_SIDED[case]
    found = ratio([[1, a]], [[1, b]], [[0, worst_a]], [[0, worst_b]], samples=[7])
    assert (found.one_sided, found.unexplained) == (one_sided, unexplained)
    assert (found.first_one_sided is None) == (one_sided == 0)
    if one_sided:
        assert (found.first_one_sided.sample, found.first_one_sided.index) == (7, (1,))
    assert found.dtypes == ("float32", "float32")


def test_the_first_unexplained_one_comes_before_all_that_are_explained():
    explained = ratio([[INF], [INF]], [[1], [1]], [[INF]] * 2, [[0]] * 2, samples=[2, 3])
    later = ratio([[1], [INF]], [[1], [1]], [[0]] * 2, [[0]] * 2, samples=[8, 9])
    for merged in (merge(explained, later), merge(later, explained)):
        assert (merged.one_sided, merged.unexplained) == (3, 1)
        assert merged.first_one_sided.sample == 9
    assert explained.first_one_sided.sample == 2


def test_bounds_of_zero_and_of_infinity():
    assert ratio([[1.0]], [[1.0]], [[0]], [[0]]).worst_ratio == 0
    assert ratio([[1.0]], [[1.5]], [[0]], [[0]]).worst_ratio == INF
    assert ratio([[1.0]], [[1.5]], [[INF]], [[0]]).worst_ratio == 0
    assert ratio([[1.0]], [[1.5]], [[INF]], [[INF]]).typical_ratio == 0


def test_difference_is_taken_in_float64():
    found = ratio([[1.0]], [[1 + 2.0**-23]], [[2.0**-24]], [[2.0**-24]])
    assert found.worst_ratio == 1


entries = st.sampled_from([0.0, 1.0, -1.0, 1.5, 3.0, NAN, INF])
allowances = st.sampled_from([0.0, 0.5, 1.0, 2.0, INF])


@hypothesis.given(
    st.lists(st.tuples(entries, entries, allowances, allowances), min_size=4, max_size=12),
    st.data(),
)
@hypothesis.settings(deadline=None, max_examples=100)
def test_merge_equals_whole(rows, data):
    rows = np.array(rows[: len(rows) // 2 * 2]).reshape(-1, 2, 4)
    cut = data.draw(st.integers(1, len(rows) - 1))
    samples = np.arange(len(rows))

    def of(part):
        a, b, worst, typical = np.moveaxis(rows[part], -1, 0)
        allowance = Allowance({"b1": worst}, {"b1": typical})
        return bound_ratio("b1", a, b, allowance, allowance, samples=samples[part])

    # by their text, in which NaN is NaN
    assert repr(merge(of(slice(0, cut)), of(slice(cut, None)))) == repr(of(slice(None)))
