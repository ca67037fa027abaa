"""Where two programs part, if one has a mistake."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.implementations.programs.intermediates.continuation import Continuation
from compare.implementations.programs.intermediates.jax import with_cuts
from compare.implementations.programs.jax import as_call, run
from compare.matching.matching import matched
from compare.problem.cuts import cut
from compare.problem.function import (
    Arguments,
    FunctionProblem,
    named_arguments,
    outputs_of,
)
from compare.problem.given_cotangents import drawn_cotangents

EXACT = np.dtype(np.float64)
RNG = np.random.default_rng(0)
WEIGHTS = {f"w{i}": 0.4 * RNG.standard_normal((4, 4)) for i in range(3)}
X = RNG.standard_normal((5, 4))
NAMES = ("fc0", "norm0", "act0", "fc1", "norm1", "act1", "fc2", "norm2", "act2")


def reference(weights, x):
    for i in range(3):
        x = cut(x @ weights[f"w{i}"], f"fc{i}")
        x = cut(norm(x, 1), f"norm{i}")
        x = cut(jnp.tanh(x), f"act{i}")
    return x


def norm(x, axis, eps=1e-5):
    mean = jnp.mean(x, axis, keepdims=True)
    return (x - mean) / jnp.sqrt(jnp.mean(jnp.square(x - mean), axis, keepdims=True) + eps)


@jax.custom_vjp
def wrong_tanh(x):
    return jnp.tanh(x)


def wrong_slope(x, slope):
    return (slope * (1 - 0.9 * jnp.tanh(x) ** 2),)


wrong_tanh.defvjp(lambda x: (jnp.tanh(x), x), wrong_slope)


@jax.custom_vjp
def doubled(x):
    return x


doubled.defvjp(lambda x: (x, None), lambda _, slope: (2 * slope,))


def port(*mistakes, layer=1):
    """Returns the same program, features first, with mistakes in a layer."""

    def f(weights, x):
        x = x.T
        for i in range(3):
            now = mistakes if i == layer else ()
            w = weights[f"w{i}"]
            x = (w if "transposed" in now else w.T) @ x
            x = cut(norm(x, 0, 1e-2 if "eps" in now else 1e-5), f"scaled{i}")
            if "detached" in now:
                x = jax.lax.stop_gradient(x)
            if "doubled" in now:
                x = doubled(x)
            tanh = wrong_tanh if "slope" in now else jnp.tanh
            x = jnp.sin(x) if "sine" in now else tanh(x)
        return x.T

    return f


@jax.custom_jvp
def fused(x):
    return jnp.tanh(norm(x, 0))


@fused.defjvp
def fused_slope(primals, tangents):
    return jax.jvp(lambda x: jnp.tanh(norm(x, 0)), primals, tangents)


def fused_port(weights, x):
    """Has no array that is what the norms return."""
    for i in range(3):
        x = fused(weights[f"w{i}"].T @ x.T).T
    return x


@pytest.fixture(scope="module", autouse=True)
def _wide():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def problem():
    names, leaves, structure = named_arguments((WEIGHTS, X))
    arguments = Arguments(structure, tuple(leaves), tuple(names), (0, 1, 2, 3))
    call = as_call(reference)
    outputs = outputs_of(call, arguments)
    cotangents = drawn_cotangents(outputs, EXACT, 0)
    return FunctionProblem(call, arguments, outputs, cotangents, EXACT)


@pytest.fixture(scope="module")
def going_on(problem):
    return Continuation(problem)


@pytest.fixture(scope="module")
def found(problem, going_on):
    right = run(problem.call, problem)

    def found(candidate, **twins):
        call = with_cuts(as_call(candidate), sizes={20}, wrt=problem.arguments.wrt)
        own = run(call, dataclasses.replace(problem, call=call))
        return matched(right, own, going_on, twins), own

    return found


MISTAKES = {
    (): (),
    ("eps",): (("forward", "norm1"), ("backward", "fc1")),
    ("sine",): (("forward", "act1"), ("backward", "norm1")),
    ("transposed",): (("forward", "fc1"), ("backward", "act0")),
    ("slope",): (("backward", "norm1"),),
    ("detached",): (("backward", "norm1"),),
    ("eps", "slope"): (("forward", "norm1"), ("backward", "norm1"), ("backward", "fc1")),
}


@pytest.mark.parametrize("mistakes", MISTAKES, ids=" and ".join)
def test_the_places_where_programs_part_are_found(found, mistakes):
    matching, own = found(port(*mistakes))
    assert matching.parted == MISTAKES[mistakes]
    assert set(matching.matches) == set(NAMES)
    # of what is computed from detached values alone JAX makes no cotangent
    assert (matching.missing, matching.unsure) == ((), ("act1",) if "detached" in mistakes else ())
    places = matching.applied(own).places
    assert len(places) == 2 * len(NAMES) - len(matching.unsure)
    np.testing.assert_allclose(places["act2"], own.outputs["output"], rtol=1e-12)


@pytest.mark.parametrize(
    ("mistake", "layer", "parted"),
    [
        ("transposed", 0, (("forward", "fc0"),)),
        ("slope", 0, (("backward", "norm0"),)),
        ("sine", 2, (("forward", "act2"), ("backward", "norm2"))),
    ],
)
def test_the_first_and_the_last_places_are_found(found, mistake, layer, parted):
    matching, _ = found(port(mistake, layer=layer))
    assert matching.parted == parted
    assert matching.missing == ()


def test_where_two_mistakes_follow_each_other_weights_tell_what_stands_there(found):
    matching, _ = found(port("eps", "sine"), norm1=("scaled1",))
    assert matching.missing == ()
    assert matching.parted[:2] == (("forward", "norm1"), ("forward", "act1"))


def test_of_equal_values_the_output_of_a_submodule_is_where_a_gradient_is_wrong(found):
    matching, own = found(port("doubled"), norm1=("scaled1",))
    assert matching.parted == (("backward", "norm1"),)
    places = matching.applied(own).places
    assert matching.matches["norm1"].name == "scaled1"
    np.testing.assert_array_equal(places["d:norm1"], own.places["d:scaled1"].T)


def test_without_submodules_the_next_place_is_where_it_is_wrong(found):
    matching, _ = found(port("doubled"))
    assert matching.parted == (("backward", "fc1"),)


def test_a_weight_is_not_what_a_submodule_makes_of_it():
    def looked_up(rows):
        def f(weights, x):
            positions = cut(weights["w0"][jnp.array(rows)], "pos")
            return cut(x, "tok") + jnp.repeat(positions, 5, 0)[:5]

        return f

    names, leaves, structure = named_arguments((WEIGHTS, X))
    arguments = Arguments(structure, tuple(leaves), tuple(names), (0,))
    call = as_call(looked_up([0, 1, 2, 3]))
    outputs = outputs_of(call, arguments)
    cotangents = drawn_cotangents(outputs, EXACT, 0)
    problem = FunctionProblem(call, arguments, outputs, cotangents, EXACT)
    port = with_cuts(as_call(looked_up([1, 2, 3, 0])), wrt=(0,))
    own = run(port, dataclasses.replace(problem, call=port))
    matching = matched(run(call, problem), own, Continuation(problem), {"pos": ("pos",)})
    assert matching.parted[0] == ("forward", "pos")
    assert matching.matches["pos"].name == "pos"


def test_what_is_nowhere_is_no_mistake(found):
    matching, _ = found(fused_port)
    assert matching.missing == ("norm0", "norm1", "norm2")
    assert matching.parted == matching.unsure == ()


def test_what_a_reference_goes_on_to_is_computed_from_what_is_given(going_on):
    plain = going_on({})
    assert [name for name in plain.places if not name.startswith("d:")] == list(NAMES)
    given = going_on({"fc1": np.ones((5, 4)), "d:fc1": np.ones((5, 4))})
    np.testing.assert_array_equal(given.places["fc1"], plain.places["fc1"])
    np.testing.assert_allclose(given.places["norm1"], 0, atol=1e-12)
    slope = given.gradients["args[0]['w1']"]
    np.testing.assert_allclose(slope, plain.places["act0"].T @ np.ones((5, 4)))
