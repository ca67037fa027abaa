"""Numbers that move: lookups, writes to places, padding, and what random numbers are made of."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64, U, assert_within, bound_of

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 6, 4)).astype(F32)
PLACES = np.array([1, 3, 1, -1, 7], np.int32)  # 7 is outside
ORDER = np.argsort(Y, 1).astype(np.int32)
SEGMENTS = np.array([0, 1, 1, 3, 9, 1], np.int32)  # of 4: 9 is outside
KEY = jax.random.key(3)
THIRD = F32(1 / 3)

# name -> function of [6, 4] and [6, 4]
FUNCTIONS = {
    "get": lambda x, y: (x * y)[PLACES],
    "get, clipped": lambda x, y: (x * y).at[PLACES].get(mode="clip"),
    "get, filled": lambda x, y: (x * y).at[PLACES].get(mode="fill", fill_value=2.5),
    "set": lambda x, y: (x * y).at[:, 1:3].set(y[:, :2] * 3),
    "set, places": lambda x, y: x.at[PLACES[[0, 1, 4]]].set((x * y)[:3]),
    "add": lambda x, y: (x * y).at[PLACES].add(y[:5] * 3),
    "subtract": lambda x, y: x.at[PLACES, 1].subtract((x * y)[0, 0]),
    "multiply": lambda x, y: (x * y).at[2:4].multiply(y[:2] * 3, unique_indices=True),
    "divide": lambda x, y: x.at[0].divide(y[0]),
    "min": lambda x, y: x.at[PLACES].min(y[:5]),
    "max": lambda x, y: x.at[PLACES].max(y[:5]),
    "take_along_axis": lambda x, y: jnp.take_along_axis(x * y, ORDER, 1),
    "dynamic slice": lambda x, y: lax.dynamic_slice(x * y, (3, 9), (2, 3)),
    "dynamic update": lambda x, y: lax.dynamic_update_slice(x, y[:2] * y[:2], (-3, 0)),
    "roll": lambda x, y: jnp.roll(x, 5, 1) * y,
    "reflected": lambda x, y: jnp.pad(x * y, 2, mode="reflect"),
    "edges": lambda x, y: jnp.pad(x * y, 2, mode="edge"),
    "cut and spread": lambda x, y: lax.pad(x * y, y[0, 0], ((-1, 2, 1), (1, -2, 0))),
    "parts": lambda x, y: jnp.concatenate([*jnp.split(x * y, 3), jnp.stack([*y.T], 1)]),
    "unstacked": lambda x, y: jnp.tile(jnp.unstack(x * y)[2], (2, 3)),
    "one_hot": lambda x, y: jax.nn.one_hot(PLACES, 6) @ x,
    "segment_sum": lambda x, y: jax.ops.segment_sum(x * y, SEGMENTS, 4),
    "segment_max": lambda x, y: jnp.maximum(jax.ops.segment_max(x * y, SEGMENTS, 4), -5),
    "segment_min": lambda x, y: jnp.minimum(jax.ops.segment_min(x * y, SEGMENTS, 4), 5),
    "embedding": lambda x, y: jnp.mean(x[np.array([[0, 1], [5, 1]], np.int32)], 1) @ y.T,
    "named": jax.checkpoint(lambda x, y: jnp.tanh(checkpoint_name(x * y, "product"))),
}


def both(name):
    """Returns a function that computes a function and a gradient of it."""

    def square(x, y):
        return jnp.sum(jnp.square(FUNCTIONS[name](x, y)))

    return lambda x, y: (FUNCTIONS[name](x, y), jax.grad(square, (0, 1))(x, y))


def together(x, y):
    return {name: both(name)(x, y) for name in FUNCTIONS}


@pytest.fixture(scope="module")
def computed():
    return jax.jit(together)(X, Y)


@pytest.fixture(scope="module")
def exact():
    with jax.enable_x64(True):
        return jax.jit(together)(X.astype(F64), Y.astype(F64))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_lie_within(name, computed, exact):
    values, bounds = roundoff(both(name), F32)(X, Y)
    trees = map(jax.tree.leaves, (computed[name], exact[name], values, bounds))
    for one, truth, value, bound in zip(*trees, strict=True):
        assert one.shape == value.shape
        assert_within(np.asarray(one), value, bound)
        np.testing.assert_allclose(value, truth, rtol=1e-12, atol=1e-12)
        assert np.all(bound < 2e-4)


# ---- sums ----


def test_a_sum_counts_the_terms_of_its_entry():
    x, places = np.arange(1, 7, dtype=F32), np.array([0, 2, 2, 2, 5, 2])
    value, bound = bound_of(lambda x: jax.ops.segment_sum(x, places, 5), x)
    np.testing.assert_array_equal(value, [1, 0, 15, 0, 0])  # 5 is outside, and dropped
    expected = [0, 0, 3 * U * 15, 0, 0]
    np.testing.assert_allclose(bound, expected, rtol=1e-6, atol=1e-36)


def test_the_typical_error_of_long_sums_is_that_of_partial_sums():
    x = (RNG.normal(size=20_000) + 1).astype(F32)
    places = RNG.integers(0, 8, len(x))
    value, bound = bound_of(lambda x: jax.ops.segment_sum(x, places, 8), x, reading="typical")
    found = np.zeros(8, F32)
    np.add.at(found, places, x)
    assert np.all(np.abs(found - value) < 3 * bound)
    assert np.all(bound < 1e-5 * np.abs(value))


# ---- places that rounding may change ----


def uncertain_place(x, y):
    return (y * THIRD).astype(jnp.int32)  # of 3: 1, or a little less and so 0


def test_a_lookup_in_an_uncertain_place_may_give_any_entry():
    x = F32([5, -2, 3])
    value, bound = bound_of(lambda x, y: x[uncertain_place(x, y)], x, F32(3))
    assert (value, bound) == (-2, pytest.approx(7))
    value, bound = bound_of(lambda x, y: x[uncertain_place(x, y)], x, F32(3.5))
    assert (value, bound) == (-2, 0)

    def window(x, y):
        return lax.dynamic_slice(x, (uncertain_place(x, y),), (2,))

    np.testing.assert_allclose(bound_of(window, x, F32(3))[1], [7, 5])
    _, bound = bound_of(lambda x, y: x.at[uncertain_place(x, y) * 2].get(mode="fill"), x, F32(3))
    assert bound == np.inf  # 2 is inside, 3 would be NaN


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda x, i: x.at[i].set(10), [5, 12, 7]),
        (lambda x, i: x.at[i].add(10), [10, 10, 10]),
        (lambda x, i: x.at[i].max(10), [5, 12, 7]),
        (lambda x, i: x.at[i].min(-10), [15, 8, 13]),
        (lambda x, i: x.at[i].multiply(10), [np.inf] * 3),
        (lambda x, i: x.at[i].apply(jnp.square), [np.inf] * 3),
        (lambda x, i: lax.dynamic_update_slice(x, F32([10]), (i,)), [5, 12, 7]),
    ],
)
def test_what_is_written_to_an_uncertain_place_may_be_in_any(write, expected):
    x = F32([5, -2, 3])
    _, bound = bound_of(lambda x, y: write(x, uncertain_place(x, y)), x, F32(3))
    np.testing.assert_allclose(bound, expected, rtol=1e-5)
    _, bound = bound_of(lambda x, y: write(x, uncertain_place(x, y)), x, F32(3.5))
    assert np.all(bound < 1e-5)


def test_of_several_numbers_for_one_place_any_may_be_the_last():
    x, places = F32([5, -2, 3]), np.array([0, 1, 0])
    _, bound = bound_of(lambda x: x.at[places].set(F32([7, 8, 10])), x)
    np.testing.assert_allclose(bound, [3, 0, 0])
    _, bound = bound_of(lambda x: x.at[places].set(F32([7, 8, 7])), x)
    np.testing.assert_array_equal(bound, 0)


def test_of_numbers_that_rounding_may_exchange_either_may_be_the_largest():
    def slope(x, y):
        return jax.grad(lambda x: jnp.sum(jax.ops.segment_max(x * y, jnp.zeros(3, int), 1)))(x)

    y = F32([THIRD, 1, 0.7])
    value, bound = bound_of(slope, F32([3, 1, 1]), y)  # 1 is larger than 3 * fl(1/3), or as large
    assert np.all(bound[:2] >= 0.5)
    assert (value[2], bound[2]) == (0, 0)
    value, bound = bound_of(slope, F32([4, 1, 1]), y)
    np.testing.assert_allclose(value, [THIRD, 0, 0])
    assert np.all(bound < 1e-6)


def test_what_was_written_elsewhere_says_nothing_of_a_comparison():
    i, j = np.array([0], np.int32), np.array([1], np.int32)

    def elsewhere(x, y):
        product = x[:1] * y  # 1, or a little more
        return jnp.where(product == x.at[i].max(product)[j], 7.0, 5.0)

    assert bound_of(elsewhere, F32([3, 1]), THIRD)[1] == 2
    assert bound_of(elsewhere, F32([3, 1]), F32(0.7))[1] == 0


# ---- what stays exact ----


def test_infinities_stay_exact_where_they_are_moved():
    def masked(x):
        x = jnp.pad(x.at[1].set(-jnp.inf), (1, 0), constant_values=-jnp.inf)
        return x.at[3].add(1.0)[jnp.array([0, 2, 3])]

    value, bound = bound_of(masked, F32([5, -2, 3]))
    np.testing.assert_array_equal(value, [-np.inf, -np.inf, 4])
    assert list(bound[:2]) == [0, 0]
    assert bound[2] == pytest.approx(4 * U)


def test_integers_and_booleans_are_exact():
    def f(x, i):
        is_large = (x > 0).at[i].set(x[0] > 1)
        return is_large[i], jnp.zeros(4, jnp.int32).at[i].add(2 * i), i[::-1]

    values, bounds = roundoff(f, F32)(X[:4, :2], np.array([1, 1, 3]))
    assert [value.dtype.kind for value in values] == ["b", "i", "i"]
    np.testing.assert_array_equal(values[1], [0, 4, 0, 6])
    assert not any(np.any(bound) for bound in bounds)


def test_counting_is_rounded_where_the_dtype_has_no_such_number():
    value, bound = roundoff(lambda x: x * jnp.arange(300, dtype=x.dtype), ml_dtypes.bfloat16)(1.0)
    np.testing.assert_array_equal(value, np.arange(300))
    assert not np.any(bound[:257])
    assert bound[257] == pytest.approx(257 * 2.0**-8, rel=0.01)


def test_nothing_is_known_of_an_empty_array():
    def f(x):
        return lax.dynamic_update_slice(lax.empty((3,), x.dtype), x, (0,))

    np.testing.assert_array_equal(bound_of(f, F32([5, -2]))[1], [0, 0, np.inf])


# ---- random numbers ----


@pytest.mark.parametrize(
    "draw",
    [
        lambda key: jax.random.uniform(jax.random.split(key)[1], (5,)),
        lambda key: jax.random.uniform(jax.random.split(key, 3)[jnp.array([2, 0])][1], (5,)),
        lambda key: jax.random.uniform(jax.random.split(key, 3).at[0].set(key)[0], (5,)),
        lambda key: jax.random.uniform(jnp.stack([key, jax.random.fold_in(key, 2)])[1], (5,)),
        lambda key: jax.random.randint(key, (5,), 0, 9),
        lambda key: jax.random.bernoulli(key, 0.7, (5,)),
        lambda key: jnp.where(jax.random.bernoulli(key, 0.7, (6, 4)), X, 0),  # dropout
    ],
)
def test_the_same_random_numbers_are_drawn(draw):
    value, bound = roundoff(draw, F32)(KEY)
    computed = np.asarray(draw(KEY))
    assert np.all(bound <= (U if computed.dtype == F32 else 0))
    assert_within(computed.astype(F64), value, bound)


# ---- functions ----


def test_a_function_may_be_applied_to_a_place_twice():
    value, bound = bound_of(lambda x: x.at[np.array([0, 0, 2])].apply(jnp.square), F32([3, 5, 7]))
    np.testing.assert_array_equal(value, [81, 5, 49])
    assert bound[0] == pytest.approx(3 * U * 81, rel=1e-6)
    assert list(bound[1:]) == [0, pytest.approx(49 * U)]


def test_a_function_without_a_rule_is_refused():
    with pytest.raises(NotImplementedError, match=r"'bessel_i0e' in what x\.at\[i\]\.apply"):
        roundoff(lambda x: x.at[0].apply(jax.scipy.special.i0e), F32)(X)


def test_under_jit_bounds_are_the_same():
    def f(x, y, i):
        x = x.at[i].add(y[:3]).at[i].max(y[3:]).at[i + 1].set(y[:3] * x[:3])
        return lax.dynamic_slice(x, (i[0], 1), (4, 2)), jnp.pad(x[i], 1), x.at[i].multiply(y[:3])

    args = X, Y, np.array([1, 3, 1])
    expected = roundoff(f, F32)(*args)
    with jax.enable_x64(True):
        found = jax.jit(roundoff(f, F32))(*args)
    for one, other in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-36)
