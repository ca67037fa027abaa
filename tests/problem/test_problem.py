import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from compare.options.config import Config
from compare.problem.labels import Labels, default_labels
from compare.problem.problem import make_problem
from compare.problem.samples import random_batches

counts = st.integers(0, 40)


@hypothesis.given(st.integers(0, 2**40), st.integers(1, 9), counts, counts, counts)
@hypothesis.settings(deadline=None, max_examples=60)
def test_a_sample_depends_on_seed_and_number_alone(seed, n_inputs, start, before, after):
    batch = random_batches(seed, n_inputs, Labels("linear", "squared", 2), np.dtype(np.float32))
    alone = batch(start, start + 1)
    within = batch(max(0, start - before), start + 1 + after)
    row = start - max(0, start - before)
    np.testing.assert_array_equal(alone.x[0], within.x[row])
    np.testing.assert_array_equal(alone.y[0], within.y[row])


def test_samples_fill_the_unit_interval_and_differ_by_seed():
    x = random_batches(1, 3, Labels("linear", "squared", 1), np.dtype(np.float64))(0, 4000).x
    assert 0 <= x.min() < 0.01
    assert 0.99 < x.max() <= 1
    assert abs(x.mean() - 0.5) < 0.02
    assert len(np.unique(x)) == x.size
    assert (
        random_batches(2, 3, Labels("linear", "squared", 1), np.dtype(np.float64))(0, 4000).x != x
    ).any()


def test_float32_samples_are_the_float64_ones_rounded_once():
    wide = random_batches(7, 5, Labels("linear", "squared", 1), np.dtype(np.float64))(0, 50)
    narrow = random_batches(7, 5, Labels("linear", "squared", 1), np.dtype(np.float32))(0, 50)
    np.testing.assert_array_equal(wide.x.astype(np.float32), narrow.x)


def test_labels_are_the_mean_square_of_the_rounded_x_for_every_output():
    x = np.array([[0.1, 0.7, 0.3]], np.float32)
    y = default_labels(x, 2)
    exact = sum(float(v) ** 2 for v in x[0]) / 3
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, np.full((1, 2), np.float32(exact)))


def test_weights_do_not_depend_on_the_samples():
    few, many = make_problem(Config(samples=1)), make_problem(Config(samples=1000))
    np.testing.assert_array_equal(few.params[1].w, many.params[1].w)


def test_arrays_cannot_be_written_to():
    problem = make_problem(Config())
    with pytest.raises(ValueError, match="read-only"):
        problem.params[0].w[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        problem.batch(0, 2).x[0, 0] = 1
