"""Loops and branches: their bounds are those of the same operations in a row."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64

XS = np.random.default_rng(0).normal(size=(4, 2)).astype(F32)
W = F32([[0.6, -0.3], [0.2, 0.7]])


def gru(w, xs):
    def cell(h, x):
        z = jax.nn.sigmoid(x @ w + h)
        h = (1 - z) * jnp.tanh(x + z * (h @ w)) + z * h
        return h, jnp.sum(h)

    last, sums = lax.scan(cell, jnp.zeros(2), xs)
    return jnp.sum(last) + jnp.sum(sums * sums)


def lstm(w, xs):
    def cell(state, x):
        h, c = state
        gates = jax.nn.sigmoid(x @ w + h), jax.nn.sigmoid(x + h @ w)
        c = gates[0] * c + gates[1] * jnp.tanh(h - x)
        return (jnp.tanh(c) * gates[0], c), None

    (h, _), _ = lax.scan(cell, (jnp.zeros(2), jnp.zeros(2)), xs)
    return jnp.sum(h)


def rematerialized(w, xs):
    cell = jax.checkpoint(lambda h, x: (jnp.tanh(h @ w + x), None))
    return jnp.sum(lax.scan(cell, jnp.zeros(2), xs)[0])


def with_policy(w, xs):
    save = jax.checkpoint_policies.dots_saveable
    return jnp.sum(jax.checkpoint(lambda w: jnp.tanh(jnp.tanh(xs @ w) @ w), policy=save)(w))


def counted(w, xs):
    def step(state):
        i, h, even = state
        return i + 1, jnp.where(even, h @ w, h + xs[0]), ~even

    return lax.while_loop(lambda state: state[0] < 3, step, (0, xs[1], True))


def squared(w, xs):
    """Newton's square root, whose end no rounding moves."""
    a = w[0, 0] + 1
    return lax.while_loop(lambda x: jnp.abs(x * x - a) > 1e-3, lambda x: (x + a / x) / 2, a)


def branched(w, xs):
    h = lax.cond(xs[0, 0] > 0, lambda h: h * 2, lambda h: h @ w, xs[0])
    return lax.switch(7, [lambda h: h, jnp.tanh, lambda h: h @ w], h)


def drawn(w, xs):
    def step(carry, x):
        key, h = carry
        key, used = jax.random.split(key)
        return (key, h + x), (used, jax.random.bits(used, (2,)) >> 31)

    (_, h), (keys, bits) = lax.scan(step, (jax.random.key(0), xs[0]), xs)
    return h, jax.random.key_data(keys), bits


def nested(w, xs):
    inner = jax.jit(lambda h, x: (h * x + 0.5, h))
    return lax.scan(lambda h, x: (lax.scan(inner, h, xs)[0] * x, h), xs[0], xs, reverse=True)


CASES = {
    "the gradient of a GRU": jax.grad(gru),
    "the gradient of an LSTM": jax.grad(lstm),
    "a rematerialized step": jax.grad(rematerialized),
    "rematerialized by a policy": jax.grad(with_policy),
    "a loop that counts": counted,
    "Newton's method": squared,
    "branches": branched,
    "keys, integers and booleans": drawn,
    "a loop in a loop": nested,
    "no step": lambda w, xs: lax.scan(lambda h, x: (h @ w, h), xs[0], xs[:0]),
    "no operand": lambda w, xs: lax.scan(lambda h, _: (h @ w, h), xs[0], None, length=3),
    "no carry": lambda w, xs: lax.map(lambda x: jnp.sum(x @ w), xs),
    "fori_loop": jax.grad(lambda w, xs: jnp.sum(lax.fori_loop(0, 3, lambda i, h: h @ w, xs[0]))),
    "a platform": lambda w, xs: lax.platform_dependent(xs, cpu=jnp.tanh, default=jnp.exp),
}


def assert_covered(f, value, bound):
    computed = f(W, XS)
    for one, exact, limit in zip(*map(jax.tree.leaves, (computed, value, bound)), strict=True):
        assert np.all(np.abs(np.asarray(one, F64) - np.asarray(exact, F64)) <= limit)
        assert np.all(limit < 1e-4)


@pytest.mark.parametrize("name", CASES)
def test_what_is_computed_is_within_the_bound(name):
    assert_covered(CASES[name], *roundoff(CASES[name], F32)(W, XS))


def test_under_jit_and_vmap_bounds_are_the_same():
    def all_of_them(w, xs):
        (key, h), outs = lax.scan(
            lambda carry, x: ((carry[0], carry[1] * x), (carry[0], x > carry[1])),
            (jax.random.key(0), xs[0]),
            xs,
        )
        keys = map(jax.random.key_data, (key, outs[0]))
        return branched(w, xs), counted(w, xs), h, outs[1], *keys

    wanted = roundoff(all_of_them, F32)(W, XS)
    with jax.enable_x64(True):
        found = jax.jit(jax.vmap(roundoff(all_of_them, F32)))(W[None], XS[None])
    for one, other in zip(jax.tree.leaves(wanted), jax.tree.leaves(found), strict=True):
        np.testing.assert_allclose(one, other[0], rtol=1e-9, atol=1e-300)


# ---- metadata ----


def bias_in_the_next_step(h, x, w):
    return (h + x) @ w


def exponential_in_the_next_step(h, x, w):
    del w
    return jnp.exp(60 * (h * jnp.exp(x * 40)))


@pytest.mark.parametrize("step", [bias_in_the_next_step, exponential_in_the_next_step])
@pytest.mark.parametrize("reading", ["worst", "typical"])
def test_a_loop_has_the_bounds_of_its_steps_in_a_row(step, reading):
    """So a compiler may join what two steps do."""

    def looped(w, xs):
        return lax.scan(lambda h, x: (step(h, x, w),) * 2, jnp.zeros(2), xs, unroll=2)

    def in_a_row(w, xs):
        h, outs = jnp.zeros(2), []
        for x in (xs[0], xs[1]):
            h = step(h, x, w)
            outs.append(h)
        return h, jnp.concatenate([jnp.reshape(out, (1, 2)) for out in outs])

    xs = XS[:2] / 100
    one, other = (roundoff(f, F32, reading=reading)(W, xs) for f in (looped, in_a_row))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_a_trace_keeps_the_terms_of_what_a_step_made():
    def looped(w, xs):
        return lax.scan(lambda h, x: ((h + x) @ w, None), xs[0], 100 * xs, unroll=2)[0]

    _, bound = roundoff(looped, F32)(W, XS)
    with jax.enable_x64(True):
        traced = np.asarray(jax.jit(roundoff(looped, F32))(W, XS)[1])
    assert np.all(traced >= bound * (1 - 1e-9))
    assert np.all(traced < 2 * bound)
