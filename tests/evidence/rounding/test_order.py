"""Sorting and steps: what rounding may put elsewhere, and what it cannot."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, U, bound_of

THIRD = F32(1 / 3)
INF = np.inf


def bounds_of(f, *args, dtype=F32):
    return [np.asarray(bound) for bound in jax.tree.leaves(roundoff(f, dtype)(*args)[1])]


def test_exact_numbers_are_sorted_exactly_and_equal_ones_stay_in_order():
    x = F32([2, 1, 2, -INF, 1, INF])
    f = lambda x: (jnp.sort(x), jnp.argsort(x), jnp.argmax(x[:5]), *lax.top_k(x, 3))  # noqa: E731
    values, bounds = roundoff(f, F32)(x)
    for value, expected in zip(values, jax.jit(f)(x), strict=True):
        np.testing.assert_array_equal(value, expected)
    assert not any(np.any(bound) for bound in bounds)


def test_only_neighbours_that_rounding_may_swap_are_uncertain():
    x, y = F32([3, 5, 3, 1]), F32([1 / 3, 1, 1 / 3, 1])  # 1 or a little more, 5, the same, 1
    f = lambda x, y: (jnp.sort(x * y), jnp.argsort(x * y), jnp.argmin(x * y))  # noqa: E731
    (_, order, least), (moved, places, furthest) = roundoff(f, F32)(x, y)
    np.testing.assert_array_equal(order, [3, 0, 2, 1])
    np.testing.assert_array_equal(places, [3, 3, 2, 0])
    assert np.all(moved <= [2 * U, 2 * U, 2 * U, 0])
    assert (least, furthest) == (3, 3)


def test_what_is_sorted_along_may_come_from_its_stretch():
    def f(x, y, z):
        return lax.sort((x * y, z), num_keys=1)[1]

    x, y, z = F32([3, 9, 1]), F32([1 / 3, 1, 1]), F32([10, 70, 30])
    value, bound = bound_of(f, x, y, z)
    np.testing.assert_array_equal(value, [30, 10, 70])
    np.testing.assert_allclose(bound, [20, 20, 0])


@pytest.mark.parametrize("k", [1, 2])
def test_a_second_key_decides_between_equal_first_ones(k):
    keys = F32([1, 1, 0]), F32([7, 5, 9])
    value, bound = bound_of(lambda *keys: lax.sort(keys, num_keys=k)[1], *keys)
    np.testing.assert_array_equal(value, [9, 7, 5] if k == 1 else [9, 5, 7])
    assert not np.any(bound)


def test_an_unstable_sort_may_swap_equal_keys():
    def f(x, z):
        return lax.sort((x, z), num_keys=1, is_stable=False)[1]

    np.testing.assert_allclose(bound_of(f, F32([1, 1, 0]), F32([7, 5, 9]))[1], [0, 2, 2])


def test_libraries_place_nan_and_two_zeros_in_their_own_ways():
    values, places = bounds_of(lambda x: lax.top_k(x, 2), F32([1, np.nan, 3]))
    np.testing.assert_array_equal(values, INF)
    np.testing.assert_array_equal(places, [2, 2])
    assert np.any(bounds_of(lambda x: lax.top_k(x, 2)[1], F32([-0.0, 0.0, -1])))
    assert bound_of(jnp.argmax, F32([1, np.nan, 3]))[1] == 1


# ---- steps ----


@pytest.mark.parametrize("f", [jnp.floor, jnp.ceil, jnp.round, lambda x: x // 1])
def test_a_step_is_uncertain_where_rounding_may_take_it(f):
    def at(x, y):
        return f(x * y)

    at_step = F32(1.5) if f is jnp.round else F32(3)
    assert 1 <= bound_of(at, at_step, THIRD)[1] <= 2
    assert bound_of(at, F32(4), THIRD)[1] == 0
    assert bound_of(f, at_step)[1] == 0


def test_halves_are_rounded_to_even_numbers_or_away_from_0():
    x = F32([-2.5, -0.5, 0.5, 1.5, 2.5, 0.49999997])
    for f in (jnp.round, lax.round):
        value, bound = bound_of(f, x)
        np.testing.assert_array_equal(value, jax.jit(f)(x))
        assert not np.any(bound)


def test_the_rest_of_a_division():
    x, y = F32([7, -7, 6, 6e9]), F32([1 / 3, 1 / 3, 1 / 3, 1 / 3])
    value, bound = bound_of(lambda x, y: jnp.mod(x * y, 1), x, y)
    np.testing.assert_allclose(value[:2], [1 / 3, 2 / 3], atol=1e-6)
    assert np.all(bound[:2] <= 8 * U)
    assert 0.9 <= bound[2] <= 2.1  # 0, or nearly 1
    assert bound_of(jnp.fmod, F32(7), F32(2.5)) == (2, 0)
    assert bound_of(jnp.fmod, F32(1e-9), F32(1e-40))[1] == INF  # which may be read as 0
    assert bound_of(jnp.fmod, F32(1e30), F32(1e-30))[1] == INF  # torch: NaN


def test_the_next_number_is_exact_beside_an_exact_one():
    value, bound = bound_of(jnp.nextafter, F32([1, 1, -1]), F32([2, -2, 2]))
    np.testing.assert_array_equal(value, [1 + 2 * U, 1 - U, -1 + U])
    assert not np.any(bound)


# ---- under a trace ----


def test_under_jit_it_is_the_same():
    def f(x, y):
        return lax.sort((x * y, y), num_keys=1), jnp.argmax(x * y), jnp.cumsum(x), jnp.fmod(x, y)

    x, y = F32([3, 1, 5]), F32([1 / 3, 1, 1])
    plain = roundoff(f, F32)(x, y)
    with jax.enable_x64(True):
        traced = jax.jit(roundoff(f, F32))(x, y)
    for one, other in zip(*map(jax.tree.leaves, (plain, traced)), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-40)


def test_all_of_it_can_be_traced():
    def f(x):
        i = x.astype(jnp.int32)
        return (
            [lax.top_k(x, 2), jnp.cumprod(x), lax.cummax(x), jnp.prod(x), lax.cumlogsumexp(x)],
            [jnp.floor(x), jnp.round(x), jnp.nextafter(x, -x), jnp.copysign(x, 1 - x), jnp.min(x)],
            [
                jnp.where(jnp.all(x > 1), x, 1),
                i // 2,
                i % 3,
                i << 1,
                jnp.sum(i),
                lax.top_k(i, 1),
                jnp.sort(i),
            ],
        )

    x = jax.ShapeDtypeStruct((2, 3), F32)
    with jax.enable_x64(True):
        values, bounds = jax.eval_shape(jax.vmap(roundoff(f, F32)), x)
    shapes = zip(*map(jax.tree.leaves, (values, bounds)), strict=True)
    assert all(one.shape == other.shape for one, other in shapes)
