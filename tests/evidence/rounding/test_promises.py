"""What `roundoff` promises where a library flushes, divides or converts in its own way."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch

from compare.evidence.rounding import roundoff
from compare.evidence.rounding.tracing import _kept
from tests.support.rounding import F32, F64, LAM, U, bound_of

TINY = F32(2.0**-130)  # subnormal
LONG = np.random.default_rng(5).uniform(1, 2, 2000).astype(F32)
OVERFLOWING = F32([2e38, 2e38, -2e38, -2e38])

# name -> (function, arguments, exact value)
CASES = {
    **{
        f"divided by {c}": (lambda x, c=c: x / c, (LONG,), LONG.astype(F64) / c)
        for c in (3, 7, 11, 1000)
    },
    "divided by a scalar": (jnp.divide, (LONG, F32(0.7)), LONG.astype(F64) / F64(F32(0.7))),
    "reciprocal that underflows": (lambda x: x / F32(2e38), (F32(1e38),), 1e38 / 2e38),
    "log": (jnp.log, (TINY,), None),
    "sqrt": (jnp.sqrt, (TINY,), 2.0**-65),
    "sign": (jnp.sign, (TINY,), 1),
    "comparison": (lambda x: jnp.where(x > 0, 7.0, 5.0), (TINY,), 7),
    "quotient": (jnp.divide, (F32(1e-37), TINY), None),
    "slope of relu": (jax.grad(jax.nn.relu), (TINY,), 1),
    "sum that overflows": (jnp.sum, (OVERFLOWING,), 0),
    "int32 to float32": (
        lambda x: ((x > 0).astype(jnp.int32) * 33554433).astype(jnp.float32),
        (F32(1),),
        33554433,
    ),
    "isnan": (lambda x: jnp.where(jnp.isnan(x * F32(2) - x), 1.0, 0.0), (F32(3e38),), 0),
    "tanh of what may be NaN": (lambda x: jnp.tanh(x * 4 - x * 4), (F32(2e38),), 0),
    "max of what may be NaN": (lambda x: jnp.maximum(x * 4 - x * 4, 5), (F32(2e38),), 5),
    "exp at the top": (jnp.exp, (np.linspace(88.3, 88.722, 3000).astype(F32),), None),
    "a lone constant": (lambda x: jnp.where(x > 0, x, 0.2), (F32(-1),), 0.2),
    "an array made inside": (lambda x: jnp.sum(x + jnp.zeros(3000)), (F32(1 / 7),), None),
    "a negative power": (lambda x: x**-3, (LONG,), 1 / LONG.astype(F64) ** 3),
    "a negative power that underflows": (lambda x: x**-2, (F32([1e-19, 1e19]),), None),
    "softsign": (jax.grad(lambda x: jnp.sum(x / (1 + jnp.abs(x)))), (LONG,), None),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_library_gives_is_within_the_bound(name):
    f, args, truth = CASES[name]
    value, bound = roundoff(f, F32)(*args)
    if truth is not None:
        np.testing.assert_array_less(np.abs(value - truth), np.maximum(bound, U * np.abs(truth)))
    for computed in (f(*map(jnp.asarray, args)), jax.jit(f)(*args)):
        error = np.abs(np.asarray(computed, F64) - value)
        np.testing.assert_array_equal((error <= bound) | (bound == np.inf), True)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (jnp.log, np.inf),
        (jnp.sqrt, 2.0**-65),
        (jnp.sign, 1),
        (jax.grad(jax.nn.relu), 1),
        (lambda x: x, 0),
        (lambda x: x * 1e30, 2.0**-130 * 1e30),
        (lambda x: x + 1, 2.0**-130 + U),
    ],
)
def test_a_subnormal_argument_may_be_taken_for_zero(f, expected):
    assert bound_of(f, TINY)[1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", [F32, F64, ml_dtypes.bfloat16, np.float16])
@pytest.mark.parametrize("x", [-2.0, -0.25, 0.5, 3.0])
def test_away_from_a_kink_exact_arguments_have_exact_slopes(dtype, x):
    for f in (lambda x: jnp.maximum(x, 0.0), lambda x: jnp.clip(x, 0.0, 1.0), jnp.abs):
        computed = jax.grad(f)(F32(x))
        value, bound = roundoff(jax.grad(f), dtype)(x)
        assert (value, bound) == (computed, 0)


def test_away_from_a_kink_computed_arguments_have_exact_slopes():
    for f in (
        lambda x: jnp.maximum(x, 0),
        lambda x: jnp.clip(x, -1, 1),
        lambda x: -jnp.maximum(0, x),
    ):
        for x in F32([-3, -0.5, 0.5, 3]):
            value, bound = roundoff(lambda x, y, f=f: jax.grad(f)(x * y), F32)(x, F32(1.1))
            assert (value, bound) == (jax.grad(f)(x * F32(1.1)), 0)
    _, bound = roundoff(lambda x, y: jax.grad(lambda z: jnp.maximum(z, 0))(x * y - 1), F32)(
        F32(3), F32(1 / 3)
    )
    assert bound >= 0.5


def test_bfloat16_to_float16_has_fewer_exponents():
    x = np.asarray([1e-7, 3.3, 1e5], ml_dtypes.bfloat16)
    _, bound = roundoff(lambda x: x.astype(jnp.float16), ml_dtypes.bfloat16)(x)
    wide = x.astype(F64)
    with np.errstate(over="ignore"):
        error = np.abs(wide - x.astype(F32).astype(np.float16).astype(F64))
    assert np.all(error <= bound)
    assert bound[0] == 2.0**-25
    assert list(bound[1:]) == [0, np.inf]


@pytest.mark.parametrize(("dtype", "factor"), [(ml_dtypes.bfloat16, 0.5137), (np.float16, 0.51783)])
def test_a_library_may_hold_a_constant_in_more_digits(dtype, factor):
    x = np.linspace(-4, -1, 500).astype(dtype)
    value, bound = roundoff(lambda x: x * factor, dtype)(x)
    given = torch.tensor(x.astype(F32)).to(getattr(torch, np.dtype(dtype).name))
    by_torch = (given * factor).double().numpy()
    by_jax = np.asarray(jnp.asarray(x) * factor).astype(F64)
    assert np.any(by_torch != by_jax)
    assert np.all(np.abs(by_torch - value) <= bound)
    assert np.all(np.abs(by_jax - value) <= bound)
    assert bound_of(lambda x: x + 3, F32(1))[1] == pytest.approx(4 * U)  # 3 is 3 everywhere


def test_every_rounding_of_float64_counts_twice():
    assert bound_of(lambda x: x * x, F64(3), dtype=F64)[1] == 18 * 2.0**-53
    _, bound = bound_of(jnp.dot, F64([3, 5]), F64([7, 9]), dtype=F64)
    assert bound * 2.0**53 == pytest.approx(2 * 2 * 66)


def test_infinite_arguments_that_only_move_stay_exact():
    x = F32([np.inf, -np.inf, 1])
    value, bound = roundoff(lambda x: jnp.exp(-jnp.maximum(x, 0)), F32)(x)
    np.testing.assert_array_equal(value[:2], [0, 1])
    assert list(bound[:1]) == [0]


def test_reshape_with_dimensions():
    x = np.arange(6, dtype=F32).reshape(2, 3)
    value, _ = roundoff(lambda x: jax.lax.reshape(x, (6,), dimensions=(1, 0)), F32)(x)
    np.testing.assert_array_equal(value, x.T.ravel())


@pytest.mark.parametrize(("dtype", "made"), [(F32, "float32"), (F64, "float64")])
@pytest.mark.parametrize("x64", [False, True])
def test_arrays_made_inside_have_the_dtype_of_the_analysis(dtype, made, x64):
    seen = []

    def f(x):
        seen.append(str(jnp.zeros(2).dtype))
        return x + jnp.zeros(2)

    with jax.enable_x64(x64):
        roundoff(f, dtype)(1.0)
    assert seen == [made]


# ---- traces ----


class Shifted:
    by = 0.0

    def __call__(self, x):
        return x + self.by


def test_a_function_that_changes_is_traced_anew():
    f = Shifted()
    assert roundoff(f, F32)(F32(1))[0] == 1
    f.by = 100.0
    assert roundoff(f, F32)(F32(1))[0] == 101


def test_a_pure_function_is_traced_once():
    calls = []

    def f(x):
        calls.append(x)
        return 2 * x

    for reading in ("worst", "typical", "worst"):
        assert roundoff(f, F32, reading=reading, is_pure=True)(F32(3))[0] == 6
    assert len(calls) == 1
    _kept.cache_clear()


@pytest.mark.parametrize("transform", [jax.jit, jax.vmap])
def test_under_a_trace_without_x64_it_says_so(transform):
    analysed = transform(roundoff(lambda x: x * x, F32))
    with pytest.raises(RuntimeError, match=r"enabled: call them within `with jax\.enable_x64"):
        analysed(LONG)
    with jax.enable_x64(True):
        value, bound = map(np.asarray, analysed(LONG))
    assert value.dtype == bound.dtype == F64
    assert np.all(bound <= 5 * U)


def test_a_traced_value_that_f_has_captured():
    with jax.enable_x64(True):
        traced = jax.jit(lambda y: roundoff(lambda x: x * y, F32)(F32(3)))
        value, bound = map(float, traced(jnp.float32(1.1)))
    assert value == pytest.approx(3.3)
    assert 3 * U <= bound <= 4 * U


def test_products_that_underflow_to_nothing_are_exact():
    assert bound_of(lambda x: x * 0.0, F32(3)) == (0, 0)
    assert bound_of(lambda x: x * x, F32(1e-30))[1] == pytest.approx(1e-60, rel=1e-6)
    assert bound_of(jnp.dot, F32([1, 2]), F32([0, 0])) == (0, 0)
    for f in (
        lambda x: jnp.sqrt(x * x),
        lambda x: jnp.dot(x[None], x[None]),
        lambda x: x / (1 / x),
    ):
        assert bound_of(f, F64(1e-170), dtype=F64)[1] > 0  # 1e-340 is no float64 number
    least = np.finfo(F64).smallest_normal  # 1 - u times it is below it, and rounded to it
    assert bound_of(jnp.multiply, least, 1 - 2.0**-53, dtype=F64)[1] >= least
    assert 0 < bound_of(jnp.dot, F32([1e-30, 2e-30]), F32([1e-20, 1e-5]))[1] <= 8 * LAM
