"""Cuts at every value that a function of JAX makes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.implementations.programs.intermediates.jax import with_cuts
from compare.implementations.programs.jax import as_call, run
from compare.problem.cuts import cut, is_cotangent
from compare.problem.function import (
    Arguments,
    FunctionProblem,
    named_arguments,
    outputs_of,
)
from compare.problem.given_cotangents import drawn_cotangents

X = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)


def problem_of(f, *args):
    names, leaves, structure = named_arguments(args)
    arguments = Arguments(structure, tuple(leaves), tuple(names), tuple(range(len(leaves))))
    outputs = outputs_of(as_call(f), arguments)
    cotangents = drawn_cotangents(outputs, X.dtype, 0)
    return FunctionProblem(as_call(f), arguments, outputs, cotangents, X.dtype)


def recorded(f, *args, chosen=None):
    problem = problem_of(f, *args)
    return run(with_cuts(problem.call, chosen), problem), run(problem.call, problem)


@jax.custom_vjp
def doubled(x):
    return 2 * x


doubled.defvjp(lambda x: (doubled(x), None), lambda _, slope: (3 * slope,))

FUNCTIONS = {
    "plain": lambda x: jnp.sin(x) * x,
    "relu": lambda x: jax.nn.relu(x) + x,
    "a function with a derivative of its own": lambda x: doubled(jnp.sin(x)),
    "checkpoint": jax.checkpoint(lambda x: jnp.sin(x) * jnp.cos(x)),
    "jit": jax.jit(lambda x: jnp.tanh(x) * 2),
    "scan": lambda x: jax.lax.scan(lambda c, a: (c * a, jnp.sin(c)), x[0], x)[1],
    "stop_gradient": lambda x: jax.lax.stop_gradient(jnp.exp(x)) * x,
    "cond": lambda x: jax.lax.cond(x[0, 0] > 0, jnp.sin, jnp.cos, x) * x,
    "vmap": jax.vmap(lambda x: x * jnp.sum(x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_cuts_change_nothing(name):
    found, plain = recorded(FUNCTIONS[name], X)
    assert found.places
    for key, one in plain.results.items():
        np.testing.assert_allclose(found.results[key], one, rtol=1e-6, atol=1e-6)


def test_values_and_cotangents_are_recorded():
    def f(x):
        return jnp.sum(jnp.sin(x) * 3)

    found, _ = recorded(f, X)
    pairs = [(name, one) for name, one in found.places.items() if not is_cotangent(name)]
    name = next(name for name, one in pairs if np.allclose(one, np.sin(X)))
    np.testing.assert_array_equal(found.places[f"d:{name}"], np.full_like(X, 3))


def test_what_is_used_twice_has_a_cotangent_for_each_use():
    def f(x):
        y = jnp.sin(x)
        return jnp.sum(3 * y) + jnp.sum(5 * y)

    both, _ = recorded(f, X)
    slopes = {
        float(both.places[name].mean())
        for name, one in both.places.items()
        if is_cotangent(name) and np.allclose(both.places[name[2:]], np.sin(X))
    }
    assert slopes == {3, 5, 8}


def test_only_what_is_chosen_is_cut():
    every, _ = recorded(FUNCTIONS["plain"], X)
    name = sorted(name for name in every.places if not is_cotangent(name))[-1]
    found, _ = recorded(FUNCTIONS["plain"], X, chosen={name})
    assert set(found.places) == {name, f"d:{name}"}
    np.testing.assert_allclose(found.places[name], every.places[name])


def test_names_of_cuts_that_are_there_stay():
    found, _ = recorded(lambda x: cut(jnp.sin(x), "place") * 2, X, chosen=())
    assert set(found.places) == {"place", "d:place"}


def test_names_are_the_same_in_another_dtype():
    def f(x):
        y = jnp.var(x, axis=-1, keepdims=True)
        return jax.nn.softmax(x / jnp.sqrt(y + 1e-5)).astype(x.dtype)

    problem = problem_of(f, X)
    names = []
    for dtype in ("float32", "bfloat16"):
        one = problem.in_dtype(jnp.dtype(dtype))
        names.append(set(run(with_cuts(one.call), one).places))
    with jax.enable_x64(True):
        one = problem.in_dtype(np.dtype("float64"))
        names.append(set(run(with_cuts(one.call), one).places))
    whole = [{name for name in found if "<" not in name} for found in names]
    assert whole[0] == whole[1] == whole[2]


def test_another_program_has_other_names():
    first, _ = recorded(lambda x: jnp.sin(x) * 2, X)
    second, _ = recorded(lambda x: jnp.cos(x) * 2, X)
    assert {name for name in first.places if name in second.places} == {"#in0", "d:#in0"}
