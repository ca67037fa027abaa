"""Sums and extremes of windows, and where their slopes go."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax import lax

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, TINY, U, assert_within, bound_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 7, 7, 3)).astype(F32)


def pooled(x, by, first):
    padding = ((0, 0), (1, 1), (1, 1), (0, 0))
    return lax.reduce_window(x, F32(first), by, (1, 3, 3, 1), (1, 2, 2, 1), padding)


def largest(x):
    return pooled(x, lax.max, -np.inf)


def mean_without_padding(x):
    return pooled(x, lax.add, 0) / pooled(jnp.ones_like(x), lax.add, 0)


def slopes(x, g):
    return jax.vjp(largest, x)[1](g)[0]


def line(x, window, by=lax.max, first=-np.inf, **options):
    return lax.reduce_window(x, F32(first), by, (window,), **options)


@pytest.mark.parametrize(
    ("pool", "by_torch"),
    [
        (largest, torch.nn.MaxPool2d(3, 2, 1)),
        (lambda x: pooled(x, lax.min, np.inf), lambda x: -torch.nn.MaxPool2d(3, 2, 1)(-x)),
        (lambda x: pooled(x, lax.add, 0) / 9, torch.nn.AvgPool2d(3, 2, 1)),
        (mean_without_padding, torch.nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
    ],
    ids=["max", "min", "mean", "mean without padding"],
)
def test_pooling_is_that_of_torch(pool, by_torch):
    value, bound = bound_of(lambda x: pool(x * x), X)
    assert_within(np.asarray(pool(X * X)), value, bound)
    moved = torch.tensor((X * X).transpose(0, 3, 1, 2))
    assert_within(by_torch(moved).numpy().transpose(0, 2, 3, 1), value, bound)
    assert np.all(bound <= 12 * U * np.max(X * X))


def test_the_slope_of_pooling_and_that_of_torch():
    g = RNG.normal(size=(2, 4, 4, 3)).astype(F32)
    value, bound = bound_of(slopes, X, g)
    assert_within(np.asarray(slopes(X, g)), value, bound)
    x = torch.tensor(X.transpose(0, 3, 1, 2), requires_grad=True)
    made = torch.nn.functional.max_pool2d(x, 3, 2, padding=1)
    made.backward(torch.tensor(g.transpose(0, 3, 1, 2)))
    assert_within(x.grad.numpy().transpose(0, 2, 3, 1), value, bound)
    assert np.all(bound <= 4 * U * np.sum(abs(g)) + TINY)


def test_the_slope_of_a_mean_and_that_of_torch():
    value, bound = bound_of(jax.grad(lambda x: jnp.sum(pooled(x, lax.add, 0) ** 2)), X)
    x = torch.tensor(X.transpose(0, 3, 1, 2), requires_grad=True)
    torch.sum((9 * torch.nn.AvgPool2d(3, 2, 1)(x)) ** 2).backward()
    assert_within(x.grad.numpy().transpose(0, 2, 3, 1), value, bound)
    assert np.all(bound <= 40 * U * np.max(abs(value)))


def test_the_tangents_of_pooling():
    t = RNG.normal(size=X.shape).astype(F32)
    value, bound = bound_of(lambda x, t: jax.jvp(largest, (x,), (t,))[1], X, t)
    np.testing.assert_array_equal(value, jax.jvp(largest, (X,), (t,))[1])
    assert np.all(bound <= TINY)


def test_a_slope_may_go_to_any_entry_that_can_win():
    x, g = F32([1, 3, 3, 2, 9, 9 - 1e-6]), F32([5, 7])

    def slope(x, g):
        return jax.vjp(lambda x: line(x, 3, window_strides=(3,)), x)[1](g)[0]

    value, bound = bound_of(slope, x, g)
    np.testing.assert_array_equal(value, [0, 5, 0, 0, 7, 0])
    np.testing.assert_allclose(bound, [0, 5, 5, 0, 0, 0], atol=TINY)
    _, bound = bound_of(lambda x, g: slope(x * F32(1 / 3), g), x, g)
    np.testing.assert_allclose(bound, [0, 5, 5, 0, 7, 7], rtol=1e-6, atol=TINY)
    _, bound = bound_of(lambda x, t: jax.jvp(lambda x: line(x, 3), (x,), (t,))[1], x, F32(range(6)))
    np.testing.assert_allclose(bound, [1, 1, 0, 0], atol=TINY)


def test_ties_behind_a_relu_do_not_matter():
    """Zeros in one window are equal; but none of them has a slope."""
    value, bound = bound_of(jax.grad(lambda x: jnp.sum(largest(jax.nn.relu(x)))), X)
    assert set(np.unique(value)) <= {0, 1, 2, 3, 4}
    assert np.all(bound <= 13 * U)


def test_nothing_is_known_of_which_entry_is_the_largest_beside_nan():
    x, g = F32([1, 2, np.nan, 0]), F32([5])
    _, bound = bound_of(lambda x, g: jax.vjp(lambda x: line(x, 4), x)[1](g)[0], x, g)
    assert np.all(bound >= 5)
    x = F32([1e38, 4e38 / 2, 0, 0])  # twice of the second overflows, so that it may be NaN
    _, bound = bound_of(lambda x, g: jax.vjp(lambda x: line(x + x, 4), x)[1](g)[0], x, g)
    assert np.all(bound >= 5)


def test_sums_of_windows_by_hand():
    x = F32([1, 2, 3, 4])
    value, bound = bound_of(
        lambda x: line(x, 2, lax.add, 0, padding=((1, 0),), base_dilation=(2,)), x
    )
    np.testing.assert_array_equal(value, [1, 1, 2, 2, 3, 3, 4])
    assert np.all(bound <= value * U * 1.001)
    value, bound = bound_of(lambda x: line(x, 3, lax.add, 0, window_dilation=(1,)), x)
    np.testing.assert_array_equal(value, [6, 9])
    np.testing.assert_allclose(bound, 2 * U * value, rtol=1e-6)


def test_windows_that_start_with_a_number():
    x = F32([1, 2, 3, 4])
    value, bound = bound_of(lambda x, a: lax.reduce_window(x, a, lax.add, (2,)), x, F32(10))
    np.testing.assert_array_equal(value, [13, 15, 17])
    np.testing.assert_allclose(bound, 2 * U * value, rtol=1e-6)
    padded = {"padding": ((1, 0),)}
    _, bound = bound_of(lambda x, a: lax.reduce_window(x, a, lax.add, (2,), **padded), x, F32(10))
    assert bound[0] >= 10  # it may stand in for padding, or not
    value, bound = bound_of(lambda x, a: lax.reduce_window(x, a, jnp.maximum, (2,)), x, F32(3))
    np.testing.assert_array_equal(value, [3, 3, 4])
    assert np.all(bound <= TINY)


@pytest.mark.parametrize(
    ("reducer", "named"),
    [
        (lax.mul, "by mul'"),
        (lambda a, b: jnp.add(a, a), "by a function of add'"),
        (lambda a, b: a + b + 1, "by a function of add, add'"),
        (lambda a, b: a, "by a function of no primitive'"),
    ],
)
def test_another_reducer_is_refused_with_all_else(reducer, named):
    def f(x, a):
        return jnp.fft.fft(lax.reduce_window(x, a, reducer, (2,)))

    with pytest.raises(NotImplementedError, match=f"'reduce_window {named} .*'fft'"):
        roundoff(f, F32)(X[0, 0, 0], F32(1))


def test_windows_of_integers_are_exact():
    value, bound = bound_of(
        lambda x: lax.reduce_window(x, np.int32(0), lax.add, (2,)), np.arange(4, dtype=np.int32)
    )
    np.testing.assert_array_equal(value, [1, 3, 5])
    assert (bound == 0).all()


def test_slopes_are_the_same_under_jit():
    analysed = roundoff(lambda x, g: (largest(x * x), slopes(x * x, g)), F32, reading="both")
    g = np.ones((2, 4, 4, 3), F32)
    with jax.enable_x64(True):
        traced = jax.jit(analysed)(X, g)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-30), traced, analysed(X, g)
    )
