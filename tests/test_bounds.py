import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from compare.evidence.bounds import Allowance, bound_ratio, merge

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

    assert merge(of(slice(0, cut)), of(slice(cut, None))) == of(slice(None))
