"""Integers that wrap or are uncertain, and numbers that become others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64, bound_of

THIRD = F32(1 / 3)
INF = np.inf


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
