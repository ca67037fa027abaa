"""Modules that people write: their twins in JAX are the same mathematics at the same places."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax.extend.core import jaxprs_in_params

from compare.problem.cuts import is_cotangent
from compare.selftest.everyday.evaluation import jax_as_it_comes
from compare.selftest.modules import MODULES
from torch_ref.recording import observed

TWINS = [example for example in MODULES if example.twin is not None]
SAME = 1e-10  # of the largest entry


@pytest.fixture(scope="module", autouse=True)
def _in_float64():
    """Optimized, or XLA gets the gradient of a grouped convolution wrong (jax 0.10.2)."""
    with jax.enable_x64(True), jax_as_it_comes():
        yield


def by_name(examples):
    return pytest.mark.parametrize("example", examples, ids=lambda example: example.name)


def places(module, inputs):
    found = set()
    with observed(module, lambda place, _: found.add(place)):
        module(*inputs)
    return found


def named(jaxpr):
    """Yields the names of all cuts."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "name":
            yield equation.params["name"]
        for inner in jaxprs_in_params(equation.params):
            yield from named(inner)


def gradient_of(twin, state, names, inputs, factor):
    def of_some(some):
        return twin({**state, **some}, *inputs)

    value, pull = jax.vjp(of_some, {name: state[name] for name in names})
    return value, pull(factor)[0]


@by_name(TWINS[::3])  # `python -m compare.selftest --modules` holds all of them against modules
def test_a_twin_computes_the_same_in_float64(example):
    module, inputs = example.build(1).cast(torch.float64)
    state = {name: jnp.asarray(one.numpy(force=True)) for name, one in module.state_dict().items()}
    arrays = [jnp.asarray(one.numpy()) for one in inputs]
    output = module(*inputs)
    factor = np.random.default_rng(0).standard_normal(tuple(output.shape))
    parameters = dict(module.named_parameters())
    right = torch.autograd.grad(output, list(parameters.values()), torch.tensor(factor))
    evaluate = jax.jit(gradient_of, static_argnums=(0, 2))
    value, gradient = evaluate(example.twin, state, tuple(parameters), arrays, factor)
    for name, one in zip(("", *parameters), (output, *right), strict=True):
        one, other = one.detach().numpy(), np.asarray(gradient[name] if name else value)
        assert one.shape == other.shape
        assert np.max(np.abs(one - other)) <= SAME * max(1, np.max(np.abs(one))), name


@by_name(TWINS)
def test_a_twin_names_calls_of_submodules(example):
    module, inputs = example.build(0)
    state = {name: jnp.asarray(one.numpy(force=True)) for name, one in module.state_dict().items()}
    arrays = [jnp.asarray(one.numpy()) for one in inputs]
    names = list(named(jax.make_jaxpr(example.twin)(state, *arrays).jaxpr))
    assert len(names) == len(set(names)) > 0
    assert not any(map(is_cotangent, names))
    assert set(names) <= places(module, inputs)


@by_name(MODULES)
def test_a_seed_builds_the_same_again(example):
    before = torch.random.get_rng_state()
    (one, x), (again, y), (other, _) = (example.build(seed) for seed in (3, 3, 4))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(map(torch.equal, x, y))
    weights, same, others = (list(each.parameters()) for each in (one, again, other))
    assert all(map(torch.equal, weights, same))
    assert not all(map(torch.equal, weights, others))


def test_there_are_as_many_as_promised():
    assert len({example.name for example in MODULES}) == len(MODULES) >= 32
    assert len(TWINS) >= 16
    assert [example.refused for example in MODULES if example.refused] == ["dropout"]
