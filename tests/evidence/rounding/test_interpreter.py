"""A jaxpr can be evaluated on numbers, and on anything else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.evidence.rounding.interpreter import interpret

CAPTURED = np.arange(3, dtype=np.float32)


@jax.custom_jvp
def doubled(x):
    return 2 * x


doubled.defjvp(lambda primals, tangents: (doubled(*primals), 2 * tangents[0]))


@jax.custom_vjp
def tripled(x):
    return 3 * x


tripled.defvjp(lambda x: (tripled(x), None), lambda _, ct: (3 * ct,))


@jax.jit
def swapped(x, y):
    return y, x * y


def calls_twice(x, y):
    return swapped(*swapped(x, y))


def by_jax(eqn, operands):
    made = eqn.primitive.bind(*operands, **eqn.params)
    return made if eqn.primitive.multiple_results else [made]


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x * 2 + CAPTURED,
        lambda x, y: jax.jit(lambda z: jax.jit(jnp.tanh)(z) + CAPTURED)(x * y),
        calls_twice,
        lambda x, y: doubled(x) - tripled(y),
        jax.grad(lambda x, y: jnp.sum(tripled(x) * doubled(y))),
        jax.vmap(lambda x, y: jax.nn.gelu(x) + jax.nn.relu(y)),
        lambda x, y: jnp.split(x, 3)[1:],
        lambda x, y: (y, 1.5, x),
    ],
)
def test_on_arrays_it_is_the_function(f):
    x, y = np.array([0.5, -1, 2], np.float32), np.array([3, 0.25, -0.75], np.float32)
    found = interpret(jax.make_jaxpr(f)(x, y), [x, y], constant=jnp.asarray, apply=by_jax)
    wanted = jax.tree.leaves(f(x, y))
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_on_depths_it_finds_the_longest_chain_and_meets_no_call():
    met = []

    def one_deeper(eqn, depths):
        met.append(eqn.primitive.name)
        return [max(depths) + 1] * len(eqn.outvars)

    def f(x, y):
        return doubled(jax.jit(lambda z: jnp.tanh(tripled(z)))(x)) + y

    closed = jax.make_jaxpr(f)(1.0, 1.0)
    assert interpret(closed, [0, 10], constant=lambda number: 0, apply=one_deeper) == [11]
    assert met == ["mul", "tanh", "mul", "add"]
