"""Bounds of dot products in every arithmetic that libraries have for them."""

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from compare.evidence.rounding import roundoff
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.selftest.reduced_precision import keep
from tests.support.rounding import bound_of

F16, BF16 = np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)
SUMS = {
    "float32": (plain_arithmetic(np.float32), 100 * 2.0**-24),
    "TF32": (Arithmetic(np.dtype(np.float32), 10, 23), 2.0**-9),
    "bfloat16 products": (Arithmetic(np.dtype(np.float32), 7, 23), 2.0**-6),
    "bfloat16": (plain_arithmetic(BF16), (1 + 2.0**-8) ** 100 - 1),
    "bfloat16, sums in float32": (Arithmetic(BF16, 7, 23), 2.0**-8),
    "float16, sums in float32": (Arithmetic(F16, 10, 23), 2.0**-11),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_dot_product_in_every_arithmetic(name):
    arithmetic, expected = SUMS[name]
    x = np.ones(100, arithmetic.dtype)
    for reading, share in (("worst", 1), ("typical", 0.005)):
        analysed = roundoff(jnp.dot, arithmetic.dtype, reading=reading, arithmetic=arithmetic)
        value, bound = analysed(x, x)
        assert value == 100
        assert share * 100 * expected <= bound * 1.001
        assert bound < 1.1 * 100 * expected


@pytest.mark.parametrize("factor", [1 + 2.0**-10 - 2.0**-12, 1 + 2.0**-11])
@pytest.mark.parametrize("truncate", [True, False])
def test_reduced_factors_are_within_their_bound(factor, truncate):
    x = np.full(50, factor, np.float32)
    tf32 = SUMS["TF32"][0]
    exact, bound = roundoff(jnp.dot, np.float32, arithmetic=tf32)(x, x)
    reduced = keep(x, 10, truncate=truncate).astype(np.float64)
    assert abs(reduced @ reduced - exact) <= bound
    _, plain = roundoff(jnp.dot, np.float32)(x, x)
    assert abs(reduced @ reduced - exact) > plain


def test_partial_sums_that_may_overflow_make_the_bound_infinite():
    x, y = np.array([4e4, 4e4, -4e4], np.float16), np.ones(3, np.float16)
    value, bound = roundoff(jnp.dot, np.float16)(x, y)
    assert abs(value) < 65504
    assert np.isinf(bound)
    assert np.isfinite(roundoff(jnp.dot, BF16)(x, y)[1])
    # and so may a function of it be NaN, however bounded it is
    _, bound = roundoff(lambda x, y: jnp.tanh(jnp.dot(x, y)), np.float16)(x, y)
    assert np.isinf(bound)


def test_long_sums_in_bfloat16_have_a_finite_bound():
    x = np.ones(1000, ml_dtypes.bfloat16)
    for f in (jnp.dot, lambda x, w: jnp.dot(x, w) + x[0]):
        value, bound = bound_of(f, x, x, dtype=ml_dtypes.bfloat16)
        assert value < bound < 60 * value  # (1 + 2^-8)^1001 - 1 is 49
