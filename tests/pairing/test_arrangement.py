"""How an array is made of others, and how its gradient comes back."""

import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from compare.pairing.arrangement import Arrangement, Axes, Entries, rearranged

SHAPES = st.lists(st.integers(1, 4), min_size=0, max_size=4).map(tuple)


@st.composite
def axes(draw):
    shape = draw(SHAPES)
    order = tuple(draw(st.permutations(range(len(shape)))))
    return Axes("a", shape, order, (math.prod(shape),)), {"a": shape}


@st.composite
def entries(draw):
    shapes = {name: draw(SHAPES) for name in ("a", "b")}
    size = sum(map(math.prod, shapes.values()))
    positions = draw(st.lists(st.integers(-1, size - 1), min_size=1, max_size=20))
    return Entries(("a", "b"), np.array(positions)), shapes


def dot(one, other):
    return sum(int(np.sum(one[name] * other[name])) for name in one)


@hypothesis.settings(deadline=None, max_examples=50)
@hypothesis.given(
    st.one_of(axes(), entries()), st.integers(0, 2**32 - 1), st.sampled_from([1.0, -2.0])
)
def test_a_gradient_is_pulled_back_by_the_transpose(made, seed, factor):
    term, shapes = made
    generator = np.random.default_rng(seed)
    x = {
        name: generator.integers(-9, 10, shape).astype(np.float64) for name, shape in shapes.items()
    }
    arrangement = Arrangement((term, term), factor=factor)
    value = arrangement.of(x)
    assert value.shape == arrangement.shape
    slope = generator.integers(-9, 10, value.shape).astype(np.float64)
    back = arrangement.pull_back(slope, x)
    assert {name: one.shape for name, one in back.items()} == {n: shapes[n] for n in back}
    assert np.sum(value * slope) == dot(back, {name: x[name] for name in back})


def test_an_offset_has_no_gradient():
    x = {"b": np.array([1.0, 2.0], np.float32)}
    plain = rearranged("b", x["b"])
    less = Arrangement(plain.terms, np.array([0, -1], np.int8))
    np.testing.assert_array_equal(less.of(x), np.array([1, 1], np.float32))
    assert less.of(x).dtype == np.float32
    slope = np.ones(2, np.float32)
    np.testing.assert_array_equal(less.pull_back(slope, x)["b"], slope)


@pytest.mark.parametrize("axes", [None, (1, 0), (0, 1)])
def test_axes_are_those_of_numpy(axes):
    x = np.arange(6.0).reshape(2, 3)
    made = rearranged("x", x, axes)
    np.testing.assert_array_equal(made.of({"x": x}), x.transpose(axes or (0, 1)))
