"""What `roundoff` promises, and its bounds of a few formulas by hand."""

import doctest

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.evidence.rounding import roundoff, roundoff_transform
from tests.support.rounding import F32, F64, TINY, U, bound_of

THIRD = F32(1 / 3)


def test_docstring_example_runs():
    scope = {"jax": jax, "jnp": jnp, "np": np, "roundoff": roundoff}
    found = doctest.testmod(roundoff_transform, extraglobs=scope)
    assert (found.failed, found.attempted > 0) == (0, True)


# ---- by hand ----


@pytest.mark.parametrize(
    ("f", "value", "in_u"),
    [
        (lambda x: x * x, 9, 9),
        (lambda x: x**2, 9, 9),
        (lambda x: x**3, 27, 54),
        (lambda x: x + x, 6, 6),
        (lambda x: x * x + x, 12, 9 + 12),
        (lambda x: x * x - x * x, 0, 18),  # of the two products: nothing cancels in a bound
        (lambda x: x / 4, 0.75, 0),
        (lambda x: x / 3, 1, 2),
        (lambda x: 0.5 * (x * x) * -2, -9, 9),
        (lambda x: x**-2, 1 / 9, 3 / 9),
        (lambda x: x * 0.1, 0.3, 0.6),
        (lambda x: jnp.sqrt(x * x), 3, 9 / 6 + 4 * 3),
        (lambda x: -jnp.abs(-x), -3, 0),
        (lambda x: jnp.maximum(x * x, 2.0), 9, 9),
        (lambda x: jnp.minimum(x * x, 2.0), 2, 0),
        (lambda x: jnp.where(x * x > 2, x * x * x, x), 27, 54),
        (jax.jit(lambda x: jax.jit(lambda y: y * y)(x) + x), 12, 9 + 12),
        (jax.grad(lambda x: x * x * x), 27, None),
    ],
)
def test_scalars_by_hand(f, value, in_u):
    found, bound = bound_of(f, F32(3))
    assert found == pytest.approx(value, rel=2 * U)
    if in_u is not None:
        assert bound == pytest.approx(in_u * U, rel=1e-6, abs=TINY)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_sum_and_dot_by_hand(n):
    x, w = np.arange(1, n + 1, dtype=F32), np.arange(n, dtype=F32) - 2
    value, bound = bound_of(jnp.sum, x)
    assert value == x.sum()
    assert bound == pytest.approx((n - 1) * U * x.sum(), rel=1e-5, abs=TINY)
    value, bound = bound_of(jnp.dot, x, w)
    size = np.abs(x * w).sum()
    assert value == x @ w
    assert bound == pytest.approx(n * U * size, rel=1e-5)
    _, typical = bound_of(jnp.dot, x, w, reading="typical")
    squares = ((x * w) ** 2).sum() + ((x @ w) ** 2 / 3 if n > 1 else 0)  # of partial sums
    assert typical == pytest.approx(np.sqrt(n * squares) * U, rel=1e-5)


def test_a_bias_is_one_more_term_of_a_dot_product():
    x, w, b = np.array([1, -2, 3], F32), np.array([4, 5, 6], F32), F32(1000)
    size = np.abs(x * w).sum()
    value, bound = bound_of(lambda x, w, b: x @ w + b, x, w, b)
    expected = U * (3 * size + abs(value) + 4 * b)
    assert bound == pytest.approx(expected, rel=1e-5)
    _, of_vector = bound_of(lambda x, w, b: jnp.broadcast_to(x @ w, (2,)) + b, x, w, b)
    np.testing.assert_allclose(of_vector, expected, rtol=1e-5)
    # a kernel may start from the bias, which then is rounded in every step
    start = b
    for p, q in zip(x, w, strict=True):
        start = F32(start + F32(p * q))
    assert abs(float(start) - float(value)) <= bound


def test_an_uncertain_comparison_covers_both_branches():
    def kinked(x, y):
        return jnp.where(x * y > 1, jnp.float32(5), jnp.float32(-2))

    _, bound = bound_of(kinked, F32(3), THIRD)  # 3 * fl(1/3) is within u of 1
    assert bound >= 7
    assert bound_of(kinked, F32(3), F32(2)) == (5, 0)
    assert bound_of(lambda x: jnp.where(x > 3, x * 100, x), F32(3)) == (3, 0)  # x is exact


@pytest.mark.parametrize("slope", [jax.grad(jax.nn.relu), lambda z: (z > 0).astype(z.dtype)])
def test_kink_of_relu(slope):
    assert bound_of(slope, F32(0)) == (0, 0)  # an exact 0 has slope 0

    def at_uncertain_zero(x, y):
        return slope(x * y - 1)

    _, bound = bound_of(at_uncertain_zero, F32(3), THIRD)
    assert bound >= 1
    _, bound = bound_of(at_uncertain_zero, F32(3), F32(1))
    assert bound <= TINY


def test_conversion_to_a_lower_precision():
    def through_bfloat16(x):
        return x.astype(jnp.bfloat16).astype(jnp.float32)

    value, bound = bound_of(through_bfloat16, F32(3.3))
    assert value == F32(3.3)
    assert bound == pytest.approx(2.0**-8 * value, rel=1e-6)
    assert abs(float(through_bfloat16(F32(3.3))) - value) <= bound


def test_conversion_to_integers():
    x = F32([1.7, -1.7, 3, 3e9])
    value, bound = bound_of(lambda x: x.astype(jnp.int32), x)
    assert value.dtype == np.int32
    np.testing.assert_array_equal(value[:3], [1, -1, 3])
    np.testing.assert_array_equal(bound, [0, 0, 0, np.inf])
    _, bound = bound_of(lambda x, y: (x * y).astype(jnp.int32), F32(3), THIRD)
    assert bound == 1  # 3 * fl(1/3) is 1 or a little less


def test_custom_jvp_and_custom_vjp():
    @jax.custom_jvp
    def square(x):
        return x * x

    square.defjvp(lambda primals, tangents: (square(*primals), 3 * primals[0] * tangents[0]))

    @jax.custom_vjp
    def cube(x):
        return x * x * x

    cube.defvjp(lambda x: (cube(x), x), lambda x, ct: (5 * x * ct,))
    for f, value, slope in ((square, 9, 9), (cube, 27, 15)):
        found, bound = bound_of(f, F32(3))
        assert found == value
        assert 0 < bound < 60 * U
        assert bound_of(jax.grad(f), F32(3))[0] == slope


def test_vmap_of_grad_and_pytrees():
    def loss(params, x):
        return jnp.sum(jnp.square(jnp.tanh(x @ params["w"]) + params["b"]))

    rng = np.random.default_rng(0)
    w, b, x = (rng.standard_normal(s).astype(F32) for s in ((4, 3), 3, (5, 4)))
    params = {"w": w, "b": b}
    f = jax.vmap(jax.grad(loss), in_axes=(None, 0))
    values, bounds = roundoff(f, F32)(params, x)
    assert {name: v.shape for name, v in values.items()} == {"w": (5, 4, 3), "b": (5, 3)}
    for name, computed in f(params, x).items():
        assert np.all(np.abs(np.asarray(computed, F64) - values[name]) <= bounds[name])
        assert np.all(bounds[name] < 1e-4)


# ---- promises ----


@pytest.mark.parametrize("x", [0.1, 3, np.float64(0.1), np.array([0.1, 1e-9])])
def test_arguments_are_cast(x):
    value, bound = bound_of(lambda x: x, x)
    np.testing.assert_array_equal(value, np.asarray(x, F32).astype(F64))
    assert not np.any(bound)


def test_unknown_primitive_is_named():
    with pytest.raises(NotImplementedError, match="'approx_top_k'"):
        roundoff(lambda x: jax.lax.approx_max_k(x, 1), F32)(np.ones(3, F32))
    with pytest.raises(NotImplementedError, match=r"'fft' \(at [^)]*test_roundoff\.py:\d+"):
        roundoff(lambda x: jnp.fft.fft(x).real, F32)(np.ones(4, F32))


def test_unknown_reading():
    with pytest.raises(ValueError, match=r"worst, typical.*'best'"):
        roundoff(jnp.sin, F32, reading="best")


@pytest.mark.parametrize("dtype", [np.int32, "float8", jnp.float8_e4m3fn, np.ones(9)])
def test_unknown_dtype(dtype):
    with pytest.raises(
        ValueError, match=r"^dtype: expected one of float64, .*, got .*(int32|float8|ndarray$)"
    ):
        roundoff(jnp.exp, dtype)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x,
        lambda x: 0 * (x * x),
        lambda x: x * x - x * x,
        lambda x: jnp.exp(x),
        lambda x: jnp.dot(x[None], x[None]),
        lambda x: x**2,
        lambda x: x * x + x,
    ],
)
@pytest.mark.parametrize("dtype", [F32, F64])
def test_overflow_makes_the_bound_infinite(f, dtype):
    x = dtype(1e30) if dtype == F32 else dtype(1e300)
    _, bound = bound_of(f, x, dtype=dtype)
    assert bound == np.inf


@pytest.mark.parametrize("choose", [jnp.greater, jnp.less_equal, jnp.equal])
def test_comparison_of_what_nothing_is_known_of_is_uncertain(choose):
    def f(x, y):  # the square root of something between -u and u
        return jnp.where(choose(jnp.sqrt(x * y - 1), F32(1e-3)), F32(1), F32(0))

    assert bound_of(f, F32(3), THIRD)[1] >= 1


def test_sign_of_what_nothing_is_known_of_is_uncertain():
    def f(x, y):
        return jnp.sign(jnp.sqrt(x * y - 1) - F32(1e-4))

    assert bound_of(f, F32(3), THIRD)[1] >= 2


def test_isfinite_is_a_boolean_rule():
    assert not roundoff(jnp.isfinite, F32)(F32(np.inf))[0]

    def guarded(x):
        return jnp.where(jnp.isfinite(x * x) & (x > 0), x * x, 0)

    value, bound = bound_of(guarded, F32(3))
    assert value == 9
    assert bound == pytest.approx(9 * U, rel=1e-6)


def test_a_dead_relu_has_a_tiny_bound():
    def f(x, w):
        return jnp.sum(jax.nn.relu(x @ w - 5))

    x, w = np.full(3, 0.1, F32), np.ones((3, 2), F32)
    assert bound_of(f, x, w)[1] < TINY
    assert np.all(bound_of(jax.grad(f, 1), x, w)[1] < TINY)
