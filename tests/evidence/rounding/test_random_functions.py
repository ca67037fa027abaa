"""What dtype arithmetic makes of random functions lies within their bounds."""

import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis.extra import numpy as hnp

from compare.selftest.composed_trial import DTYPES, KINDS, NAMES, Trial, drawn, try_program
from tests.support.rounding import F32, F64, assert_within, bound_of

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
    gradient = jax.grad(lambda x, y: jnp.sum(program(steps, jnp)(x, y)))
    with np.errstate(all="ignore"):
        value, bound = bound_of(gradient, x, y)
        assert_within(np.asarray(gradient(jnp.asarray(x), jnp.asarray(y))), value, bound)


composed = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4
)


@hypothesis.given(
    steps=composed,
    is_gradient=st.booleans(),
    dtype=st.sampled_from(DTYPES),
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**16),
)
@hypothesis.settings(deadline=None, max_examples=25, derandomize=True)
def test_what_rounds_at_random_lies_within(steps, is_gradient, dtype, kind, seed):
    rng = np.random.default_rng(seed)
    args = *(drawn(rng, kind, dtype) for _ in range(2)), drawn(rng, "ordinary", dtype)
    trial = Trial(tuple(steps), is_gradient, dtype, kind, args)
    assert not try_program(trial, seed=seed, by_jax=False).violations
