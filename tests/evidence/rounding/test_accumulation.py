"""Sums, products and extremes of many numbers, in whatever order."""

import functools

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from jax import lax

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64, U, bound_of

THIRD = F32(1 / 3)
INF = np.inf
DTYPES = (F32, F64, np.float16, ml_dtypes.bfloat16)

ORDERS = {
    "forwards": functools.partial(functools.reduce, lambda a, b: F32(a + b)),
    "backwards": lambda x: functools.reduce(lambda a, b: F32(a + b), x[::-1]),
    "in pairs": lambda x: (
        x[0]
        if len(x) == 1
        else F32(ORDERS["in pairs"](x[: len(x) // 2]) + ORDERS["in pairs"](x[len(x) // 2 :]))
    ),
}


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_of_partial_sums_is_within_the_bound(order):
    x = F32(np.random.default_rng(0).normal(size=40))
    for f, turned in ((jnp.cumsum, x), (lambda x: lax.cumsum(x, reverse=True), x[::-1])):
        value, bound = bound_of(f, x)
        value, bound = (v if turned is x else v[::-1] for v in (value, bound))
        errors = [abs(float(ORDERS[order](turned[:k])) - value[k - 1]) for k in range(1, 41)]
        assert np.all(errors <= bound)
    assert bound[0] == 0


@pytest.mark.parametrize(
    "f", [jnp.cumsum, lax.cummax, lax.cumlogsumexp, jnp.sum, jnp.max, jnp.cumprod, jnp.prod]
)
def test_what_rounds_says_so_and_what_does_not_is_exact(f):
    _, bound = bound_of(f, F32([1, 3, 2]))
    assert np.all(bound <= 50 * U)
    assert np.any(bound > 0) == (f not in (lax.cummax, jnp.max))


@pytest.mark.parametrize(
    "f", [jnp.sum, jnp.max, jnp.cumsum, lax.cummax, lax.cumlogsumexp, lambda x: jnp.min(-x)]
)
@pytest.mark.parametrize("x", [[-INF, -INF], [-INF], [INF, INF]])
def test_infinities_of_a_mask_stay_exact(f, x):
    value, bound = bound_of(f, F32(x))
    assert np.all(np.isinf(value))
    assert not np.any(bound)


def test_a_mask_outweighs_all_finite_terms():
    for f in (jnp.sum, lambda x: jnp.cumsum(x)[2]):
        assert bound_of(f, F32([1.1, 2.3, -INF])) == (-INF, 0)
    assert bound_of(jnp.sum, F32([3e38, 3e38, -INF]))[1] == INF


def test_a_mask_does_not_count_in_a_log_sum_exp():
    _, bound = bound_of(lax.cumlogsumexp, F32([-INF, -INF, 1, -INF, 2]))
    assert not np.any(bound[:2])
    assert np.all(bound[2:] <= 4 * 20 * U)


@pytest.mark.parametrize("f", [jnp.cumsum, jnp.cumprod, jnp.prod, jnp.sum])
def test_partial_results_that_may_overflow_leave_nothing_known(f):
    x = F32([1e30, -1e-30, 1e30, 1e30, 1e-30]) if "prod" in str(f) else F32([3e38, 1e38, -3e38])
    assert np.all(np.ravel(bound_of(f, x)[1])[-1:] == INF)


def test_typical_errors_add_up_as_squares():
    a = F32(1.1)
    product = U * float(a) ** 2
    errors = np.array([product, product, 2 * product])  # of both products and of their sum
    for reading, total in (("worst", errors.sum()), ("typical", np.sqrt(np.sum(errors**2)))):
        _, bound = bound_of(lambda a, b: a * a + b * b, a, a, reading=reading)
        assert bound == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize(("more", "bound"), [(1.01e31, 1.01e31), (1.02e31, np.inf)])
def test_a_sum_overflows_from_half_an_ulp_above_the_largest_number_on(more, bound):
    most = np.finfo(F32).max  # whose ulp is 2^104, 2.03e31
    with np.errstate(over="ignore"):
        assert np.isinf(most + F32(more)) == np.isinf(bound)
    found = bound_of(jnp.add, most, F32(more))[1]
    assert found >= bound
    assert np.isinf(found) == np.isinf(bound)


def test_partial_products_that_underflow_are_allowed_for():
    x = F32([1e-30, 1e-30, 1e25, 1e12])  # 0 from the left, and 1e-23 in pairs
    value, bound = bound_of(jnp.prod, x)
    assert value == pytest.approx(1e-23, rel=1e-6)
    assert 1e-23 <= bound < 1
    assert bound_of(jnp.prod, F32([1e-30, 0, 1e-30]))[1] == 0


def test_products_of_factors_that_may_be_zero():
    def f(x, y):
        return jnp.cumprod(x * y - 1)

    _, bound = bound_of(f, F32([3, 3, 5]), F32([THIRD, THIRD, 1]))
    assert 4 * U * U / 4 <= bound[2] < 100 * U * U


# ---- winners ----


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_slope_of_a_maximum_goes_to_its_winner(dtype, sign):
    def f(x):  # 9, 3, 12 in rows of their own
        return jnp.sum(sign * jnp.max(sign * x * x, axis=1) if sign > 0 else jnp.min(x * x, axis=1))

    x = np.array([[1, 3, 2], [0.5, 1.5, 0.25]]).astype(dtype)
    value, bound = roundoff(jax.grad(f), dtype)(x)
    winner = np.argmax(sign * x.astype(F64) ** 2, axis=1)
    np.testing.assert_array_equal(np.argmax(value != 0, axis=1), winner)
    if np.dtype(dtype).itemsize > 2:  # else one use of x * x may be rounded, another not
        assert np.all(bound <= 48 * float(ml_dtypes.finfo(dtype).eps))
        assert not np.any(bound[value == 0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_exact_winners_share_the_slope(dtype):
    value, bound = roundoff(jax.grad(jnp.max), dtype)(np.array([1, 4, 4, 2]).astype(dtype))
    np.testing.assert_array_equal(value, [0, 0.5, 0.5, 0])
    assert not np.any(bound[[0, 3]])
    value, bound = roundoff(jax.grad(jnp.min), dtype)(np.array([INF, 4, 3, INF]).astype(dtype))
    np.testing.assert_array_equal((value, bound), [[0, 0, 1, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize("f", [jnp.max, jnp.min, lax.cummax])
def test_an_extreme_of_what_may_be_nan_is_unknown(f):
    def hidden(x):
        return f(jnp.concatenate([x, 4 * x[:1] - 4 * x[:1]]))

    assert np.any(bound_of(hidden, F32([2e38, INF]))[1] == INF)
    assert np.isnan(bound_of(f, F32([np.nan, 1]))[0]).any()


def test_a_long_sum_that_comes_and_goes_is_typically_as_far_off_as_its_partial_sums():
    """Blocks stand for all partial sums: these are no larger than the larger end of their block."""
    x = np.repeat(np.tile(F32([1, -1]), 8), 8)  # partial sums are 0 at every other end of a block
    _, typical = bound_of(jnp.sum, x, reading="typical")
    partial = np.cumsum(x.astype(F64))[1:]
    assert len(x) == 128
    assert typical**2 >= U**2 * (len(x) * np.sum(x**2) + np.sum(partial**2))
