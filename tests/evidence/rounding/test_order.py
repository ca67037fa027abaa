"""Sorting, accumulation and steps: what rounding may put elsewhere, and what it cannot."""

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


def bounds_of(f, *args, dtype=F32):
    return [np.asarray(bound) for bound in jax.tree.leaves(roundoff(f, dtype)(*args)[1])]


# ---- order ----


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


# ---- accumulation ----

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


# ---- integers ----


@pytest.mark.parametrize("kind", ["int8", "uint32"])
def test_integers_are_exact_where_they_wrap(kind):
    info = np.iinfo(kind)
    a, b = (np.array(v, kind) for v in ([info.max, info.min, 100, 7], [info.max, 3, 3, 0]))

    def f(a, b):
        return (
            (a + b, a - b, a * b, a // b, a % b, -a, abs(a), a**3, a & b, ~a, a << 1, a > b),
            (jnp.sum(a), jnp.cumsum(a), jnp.prod(a, dtype=kind), jnp.max(a), jnp.min(a), a @ b),
            (jnp.sort(a), jnp.argmin(a), lax.top_k(a, 2), lax.population_count(a)),
            [a.astype(other) for other in ("int8", "uint8", "int32", "bool")],
        )

    values, bounds = roundoff(f, F32)(a, b)
    for value, bound, expected in zip(
        *map(jax.tree.leaves, (values, bounds, jax.jit(f)(a, b))), strict=True
    ):
        np.testing.assert_array_equal(value, expected)
        assert value.dtype == expected.dtype
        assert not np.any(bound)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda i: i + i, 2),
        (lambda i: i * 3, 3),
        (lambda i: i // 2, 1),
        (lambda i: lax.rem(i, jnp.uint8(2)), 2),
        (lambda i: i >> 1, INF),
        (lambda i: i == 2, 1),
        (lambda i: i > 4, 0),
        (lambda i: 255 - i, 1),
        (lambda i: i + 254, INF),  # 0 or 255
        (lambda i: i - 2, INF),
        (lambda i: -i, 1),
        (lambda i: -(i - 1), INF),  # 0 or 255
        (lambda i: i.astype("int8"), 1),
        (lambda i: (i - 1).astype("int32"), 1),
        (lambda i: (i + 0).astype(bool), 0),
        (lambda i: (i - 1).astype(bool), 1),
        (lambda i: jnp.maximum(i, 7), 0),
        (lambda i: jnp.broadcast_to(i, (2,)).sum(dtype="uint8"), 2),
    ],
)
def test_an_uncertain_integer_is_never_exact(f, expected):
    def counted(x, y):  # 2, or 1 if 6 / 3 comes out a little less
        return f((x * y).astype(jnp.uint8))

    assert bound_of(counted, F32(6), THIRD)[1] == expected


# ---- other dtypes ----


@pytest.mark.parametrize("kind", ["int32", "uint8", "int64", "uint64"])
def test_what_an_integer_has_no_place_for_is_unknown(kind):
    info = np.iinfo(kind)
    with jax.enable_x64(True):
        x = np.array([-0.5, 1.5, float(info.max) * 2, float(info.max) + 1, np.nan, INF])
        value, bound = roundoff(lambda x: x.astype(kind), F64)(x)
    np.testing.assert_array_equal(value[:2], [0, 1])
    np.testing.assert_array_equal(bound, [0, 0, INF, INF, INF, INF])


def test_numbers_of_8_bits():
    x = F32([1.1, 300, 1e-3, INF])
    for name in ("float8_e4m3fn", "float8_e5m2"):
        value, bound = bound_of(lambda x, name=name: x.astype(name).astype(F32), x)
        value[3] = 0
        computed = np.asarray(jnp.asarray(x).astype(name).astype(F32))
        assert np.all(np.abs(computed - value)[:3] <= bound[:3])
        assert bound[3] == (INF if name == "float8_e4m3fn" else 0)  # it has no infinity
    assert np.all(bound_of(lambda x: x.astype("float8_e8m0fnu"), x)[1] == INF)


def test_the_sign_of_a_computed_zero_is_unknown():
    assert bound_of(jnp.signbit, F32([0, -0.0, -1]))[0].tolist() == [False, True, True]
    assert not np.any(bound_of(jnp.signbit, F32([0, -0.0, -1]))[1])
    assert bound_of(lambda x: jnp.signbit(x + 0), F32(-0.0))[1] == 1


def test_fewer_digits_of_a_subnormal_number():
    x = np.float16([2.0265e-06, 1.3])
    value, bound = roundoff(lambda x: lax.reduce_precision(x, 8, 7), np.float16)(x)
    computed = np.asarray(lax.reduce_precision(jnp.asarray(x), 8, 7)).astype(F64)
    assert np.all(np.abs(computed - value) <= bound)


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
