import doctest
import itertools

import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis.extra import numpy as hnp

from compare.evidence.rounding import roundoff, transformation
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.evidence.rounding.primitives.functions import ULPS
from compare.implementations.formulas import formula
from compare.implementations.table import IMPLEMENTATIONS
from compare.selftest.reduced import keep
from jaxmlp import ACTIVATIONS, Batch, Layer
from tests.support.networks import ALL_ACTIVATIONS, alone

F32, F64 = np.float32, np.float64
U, LAM = 2.0**-24, float(np.finfo(F32).smallest_normal)
TINY = 100 * LAM
THIRD = F32(1 / 3)


def bound_of(f, *args, dtype=F32, reading="worst"):
    value, bound = roundoff(f, dtype, reading=reading)(*args)
    assert np.asarray(value).shape == np.asarray(bound).shape
    assert not np.any(np.isnan(bound))
    return value, bound


def test_docstring_example_runs():
    scope = {"jax": jax, "jnp": jnp, "np": np, "roundoff": roundoff}
    found = doctest.testmod(transformation, extraglobs=scope)
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
        (lambda x: x / 4, 0.75, 0.75),
        (lambda x: jnp.sqrt(x * x), 3, 9 / 6 + 2 * 3),
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
    assert found == value
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
    assert typical == pytest.approx(np.sqrt(n * ((x * w) ** 2).sum()) * U, rel=1e-5)


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


def test_conversion_to_integers_truncates_or_is_refused():
    def truncated(x):
        return x.astype(jnp.int32).astype(jnp.float32)

    try:
        value, bound = roundoff(truncated, F32)(F32(1.7))
    except NotImplementedError:
        return
    assert abs(1 - value) <= bound


def test_custom_jvp_and_custom_vjp():
    @jax.custom_jvp
    def square(x):
        return x * x

    square.defjvp(lambda primals, tangents: (square(*primals), 3 * primals[0] * tangents[0]))

    @jax.custom_vjp
    def cube(x):
        return x * x * x

    cube.defvjp(lambda x: (cube(x), x), lambda x, ct: (5 * x * ct,))
    for f, value, slope in ((square, 4, 6), (cube, 8, 10)):
        found, bound = bound_of(f, F32(2))
        assert found == value
        assert 0 < bound < 20 * U
        assert bound_of(jax.grad(f), F32(2))[0] == slope


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
    with pytest.raises(NotImplementedError, match="'sort'"):
        roundoff(jnp.sort, F32)(np.ones(3, F32))


def test_unknown_reading():
    with pytest.raises(ValueError, match=r"worst, typical.*'best'"):
        roundoff(jnp.sin, F32, reading="best")


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


@pytest.mark.parametrize("name", ALL_ACTIVATIONS)
def test_bound_of_an_activation_is_a_few_ulps(name):
    def phi(x, y):
        return ACTIVATIONS[name].fn(x * y)

    def slope(x, y):
        return jax.grad(lambda z: ACTIVATIONS[name].fn(z))(x * y)

    for x in np.array([-3, -0.3, 0.3, 3], F32):
        for f in (phi, slope):
            assert bound_of(f, x, F32(0.7))[1] <= 200 * U, (x, f)


def test_a_dead_relu_has_a_tiny_bound():
    def f(x, w):
        return jnp.sum(jax.nn.relu(x @ w - 5))

    x, w = np.full(3, 0.1, F32), np.ones((3, 2), F32)
    assert bound_of(f, x, w)[1] < TINY
    assert np.all(bound_of(jax.grad(f, 1), x, w)[1] < TINY)


def random_network(rng, scale, depth=None):
    depth = int(rng.integers(0, 7)) if depth is None else depth
    sizes = rng.integers(1, 21, depth + 2)
    params = tuple(
        Layer(
            (scale / np.sqrt(a) * rng.standard_normal((a, b))).astype(F32),
            (scale * rng.standard_normal(b)).astype(F32),
        )
        for a, b in itertools.pairwise(sizes)
    )
    x = rng.standard_normal((3, sizes[0])).astype(F32)
    return params, Batch(x, rng.standard_normal((3, sizes[-1])).astype(F32))


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_under_jit_it_says_the_same(activation):
    params, batch = random_network(np.random.default_rng(1), 1.0, depth=1)
    analysed = roundoff(formula("torch_autograd", activation), F32)
    outside = jax.tree.leaves(analysed(params, batch))
    with jax.enable_x64(True):
        inside = jax.tree.leaves(jax.jit(analysed)(params, batch))
    for a, b in zip(outside, inside, strict=True):
        assert a.dtype == b.dtype == F64
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-14)


# ---- real arithmetic lies within ----

OPS = {
    "add": lambda xp, a, b: a + b,
    "sub": lambda xp, a, b: a - b,
    "mul": lambda xp, a, b: a * b,
    "div": lambda xp, a, b: a / (b * b + a.dtype.type(0.1)),
    "square": lambda xp, a, b: xp.square(a),
    "cube": lambda xp, a, b: xp.tanh(a) ** 3,
    "exp": lambda xp, a, b: xp.exp(xp.minimum(a, a.dtype.type(3))),
    "expm1": lambda xp, a, b: xp.expm1(-xp.abs(a)),
    "log": lambda xp, a, b: xp.log(a * a + a.dtype.type(0.3)),
    "log1p": lambda xp, a, b: xp.log1p(xp.square(a)),
    "sqrt": lambda xp, a, b: xp.sqrt(xp.square(b) + a.dtype.type(0.01)),
    "logistic": lambda xp, a, b: (jax.nn.sigmoid if xp is jnp else lambda z: 1 / (1 + np.exp(-z)))(
        a
    ),
    "tanh": lambda xp, a, b: xp.tanh(b),
    "max": lambda xp, a, b: xp.maximum(a, b),
    "min": lambda xp, a, b: xp.minimum(a, b),
    "abs": lambda xp, a, b: xp.abs(a - b),
    "sign": lambda xp, a, b: xp.sign(a - b) * b,
    "where": lambda xp, a, b: xp.where(a > b, b * b, a),
    "relu": lambda xp, a, b: xp.where(a > 0, a, xp.zeros_like(a)),
    "sum": lambda xp, a, b: xp.sum(a * b) + xp.zeros_like(a),
    "dot": lambda xp, a, b: (xp.outer(a, b) - a[:, None]) @ b + a,
    "rev": lambda xp, a, b: xp.concatenate([b[::-1][:2], a[:2]]),
}
programs = st.lists(
    st.tuples(st.sampled_from(sorted(OPS)), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=7,
)
vectors = hnp.arrays(F32, 4, elements=st.floats(-3, 3, width=32, allow_subnormal=False))


def program(steps, xp):
    def run(x, y):
        made = [x, y]
        for op, i, j in steps:
            made.append(OPS[op](xp, made[-1 - i % len(made)], made[j % len(made)]))
        return made[-1]

    return run


def assert_within(computed, truth, bound):
    kept = np.isfinite(computed)
    excess = np.abs(computed.astype(np.longdouble) - truth) - bound
    assert np.all(excess[kept] <= 0), (computed, truth, bound)


@pytest.mark.parametrize("dtype", [F32, F64])
@hypothesis.given(steps=programs, x=vectors, y=vectors)
@hypothesis.settings(deadline=None, max_examples=100, derandomize=True)
def test_random_functions_lie_within(dtype, steps, x, y):
    x, y = x.astype(dtype), y.astype(dtype)
    with np.errstate(all="ignore"):
        truth = program(steps, np)(x.astype(np.longdouble), y.astype(np.longdouble))
        value, bound = bound_of(program(steps, jnp), x, y, dtype=dtype)
        with jax.enable_x64(dtype == F64):
            computed = np.asarray(program(steps, jnp)(jnp.asarray(x), jnp.asarray(y)))
        assert computed.dtype == dtype
        assert_within(computed, truth, bound)
        assert_within(value, truth, bound)


@hypothesis.given(steps=programs, x=vectors, y=vectors)
@hypothesis.settings(deadline=None, max_examples=20, derandomize=True)
def test_gradients_of_random_functions_lie_within(steps, x, y):
    no_rule = {"rev", "div"}  # split, and the -2nd power: both are refused
    steps = [("mul" if op in no_rule else op, i, j) for op, i, j in steps]
    gradient = jax.grad(lambda x, y: jnp.sum(program(steps, jnp)(x, y)))
    with np.errstate(all="ignore"):
        value, bound = bound_of(gradient, x, y)
        assert_within(np.asarray(gradient(jnp.asarray(x), jnp.asarray(y))), value, bound)


@pytest.mark.parametrize("implementation", ["jax_grad", "jax_manual", "torch_autograd"])
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_gradients_of_random_networks_lie_within(activation, implementation):
    rng = np.random.default_rng(ALL_ACTIVATIONS.index(activation))
    cases = [(0.03, 2), (14.0, 3), (1.0, 6), (3.0, None), (10 ** rng.uniform(-1.5, 1.1), 0)]
    for scale, depth in cases if implementation == "torch_autograd" else cases[1:4]:
        params, batch = random_network(rng, scale, depth)
        analysed = formula(implementation, activation)
        truth, worst = roundoff(analysed, F32)(params, batch)
        _, typical = roundoff(analysed, F32, reading="typical")(params, batch)
        made = IMPLEMENTATIONS[implementation](params, activation, "cpu").evaluate(alone(batch))
        for computed, value, most, usual in zip(
            *map(jax.tree.leaves, (made.grads, truth.grads, worst.grads, typical.grads)),
            strict=True,
        ):
            assert_within(computed, value, most)
            assert_within(computed, value, 4 * usual + LAM)
            assert np.all(usual <= 1.5 * most + TINY)


# ---- the table of elementary functions ----

RANGES = {"log": (1e-30, 1e30), "log1p": (1e-30, 1e30), "sqrt": (1e-30, 1e30)}


@pytest.mark.parametrize("name", sorted(ULPS))
def test_elementary_functions_are_within_their_ulps(name):
    rng = np.random.default_rng(0)
    if name in RANGES:
        z = np.exp(rng.uniform(*np.log(RANGES[name]), 100_000)).astype(F32)
        z = np.concatenate([z, np.linspace(0.5, 2, 50_001).astype(F32)])
    else:
        small = 10 ** rng.uniform(-30, 0, 20_000) * rng.choice([-1, 1], 20_000)
        z = np.concatenate([np.linspace(-80, 80, 200_001), small]).astype(F32)
    ulps = ULPS[name]
    wide = z.astype(np.longdouble)
    truth = 1 / (1 + np.exp(-wide)) if name == "logistic" else getattr(np, name)(wide)
    by_jax = {"logistic": jax.nn.sigmoid}.get(name) or getattr(jnp, name)
    by_torch = {"logistic": torch.sigmoid}.get(name) or getattr(torch, name)
    for library, found in (("jax", jax.jit(by_jax)(z)), ("torch", by_torch(torch.tensor(z)))):
        error = np.abs(np.asarray(found).astype(np.longdouble) - truth)
        used = float((np.maximum(error - LAM, 0) / (2 * U * np.maximum(np.abs(truth), LAM))).max())
        print(f"{name} {library}: {used:.2f} ulps (table {ulps})")
        assert used <= ulps


F16, BF16 = np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)
SUMS = {
    "float32": (plain_arithmetic(np.float32), 100 * 2.0**-24),
    "TF32": (Arithmetic(np.dtype(np.float32), 10, 23), 2.0**-9),
    "bfloat16 products": (Arithmetic(np.dtype(np.float32), 7, 23), 2.0**-6),
    "bfloat16": (plain_arithmetic(BF16), 100 * 2.0**-8 / (1 - 100 * 2.0**-8)),
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
