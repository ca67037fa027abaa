"""What XLA makes of several operations: what the bounds cover, and what they do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.evidence.rounding import roundoff
from tests.support.rounding import F32, F64

LONG = np.random.default_rng(5).uniform(1, 2, 2000).astype(F32)

# name -> (function, arguments)
COVERED = {
    "divided by a large exponential": (lambda a, b: a / jnp.exp(b), (F32(2e38), F32(88))),
    "product of exponentials": (
        lambda a, b: jnp.exp(a) * jnp.exp(b),
        (15 + 20 * (LONG - 1), -60 * LONG[::-1]),
    ),
    "quotient of exponentials": (
        lambda a, b: jnp.exp(a) / jnp.exp(b),
        (80 * LONG - 80, -40 * LONG[::-1]),
    ),
    "product of a power of two": (
        lambda a, b: jnp.exp2(a) * jnp.exp(b),
        (LONG - 1, F32(86) + LONG[::-1]),
    ),
    "quotient of a power of two": (
        lambda a, b: jnp.exp(b) / jnp.exp2(a),
        (LONG - 1, F32(86) + LONG[::-1]),
    ),
    "square of an exponential times another": (
        lambda a, b: jnp.square(jnp.exp(a)) * jnp.exp(b),
        (24 + 2 * LONG, 25 + LONG[::-1]),
    ),
    "cube of an exponential": (lambda a: jnp.exp(a) ** 3, (25 + 3 * LONG,)),
    "reciprocal of an exponential": (
        lambda a, b: (1 / jnp.exp(a)) * jnp.exp(b),
        (-40 - 3 * LONG[::-1], 40 + LONG),
    ),
    "exponentials of another shape": (
        lambda a, b: jnp.exp(a).reshape(2, -1) * jnp.exp(b.reshape(2, -1)),
        (40 + LONG, 40 + LONG[::-1]),
    ),
    "slope of a product of exponentials": (
        jax.grad(lambda a, b: jnp.sum(jnp.exp(a) * jnp.exp(b))),
        (40 + LONG, 40 + LONG[::-1]),
    ),
}


@pytest.mark.parametrize("name", COVERED)
def test_what_xla_makes_of_exponentials_is_within_the_bound(name):
    f, args = COVERED[name]
    value, bound = roundoff(f, F32)(*args)
    for computed in (f(*map(jnp.asarray, args)), jax.jit(f)(*args)):
        error = np.abs(np.asarray(computed, F64) - value)
        np.testing.assert_array_equal((error <= bound) | (bound == np.inf), True)


# name -> (function, arguments): XLA joins two operations here, and what it makes of them is not
# promised; see docs/roundoff_promise.md
JOINED = {
    "constants of two sums": (lambda x: (x + 2.0**24) + 1, (F32(-(2.0**24)),)),
    "constants of two products": (lambda x: x * F32(1e30) * F32(1e30), (F32(1e-30),)),
    "two quotients": (lambda a, b, c: (a / b) / c, (F32(1e30),) * 3),
    "quotient of quotients": (lambda a, b, c, d: (a / b) / (c / d), (F32(1e30),) * 4),
}


@pytest.mark.parametrize("name", JOINED)
def test_operations_by_themselves_are_within_the_bound(name):
    f, args = JOINED[name]
    value, bound = roundoff(f, F32)(*args)
    assert abs(float(f(*map(jnp.asarray, args))) - value) <= bound < 1e-5 * abs(value)
