"""The rules of optimizers, held against those of torch and optax."""

import dataclasses

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import optax
import pytest
import torch

from compare.errors import UsageError
from compare.evidence.local.check import check
from compare.steps.rules.expected import WEIGHTS, expected
from compare.steps.rules.optax import optax_state
from compare.steps.rules.rule import Rule
from compare.steps.rules.step import Step
from compare.steps.rules.torch import read_torch, torch_state
from torch_ref.convert import to_array, to_tensor

SHAPES = {"a.bias": (5,), "a.weight": (5, 7), "b": (3,)}
STEPS = 4
OPTIMIZERS = {
    "sgd": lambda p, **how: torch.optim.SGD(p, 0.1, weight_decay=0.01, **how),
    "momentum": lambda p, **how: torch.optim.SGD(
        p, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.1, **how
    ),
    "nesterov": lambda p, **how: torch.optim.SGD(
        p, 0.1, momentum=0.9, nesterov=True, maximize=True, **how
    ),
    "adam": lambda p, **how: torch.optim.Adam(p, weight_decay=0.1, amsgrad=True, **how),
    "adamw": lambda p, **how: torch.optim.AdamW(p, weight_decay=0.1, **how),
    "rmsprop": lambda p, **how: torch.optim.RMSprop(p, momentum=0.9, **how),
    "centered": lambda p, **how: torch.optim.RMSprop(p, centered=True, **how),
    "adagrad": lambda p, **how: torch.optim.Adagrad(p, lr_decay=0.01, **how),
}
CHAINS = {
    "sgd": (optax.sgd(0.1), Rule("sgd", 0.1)),
    "nesterov": (
        optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1, momentum=0.9, nesterov=True)),
        Rule("sgd", 0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    ),
    "adam": (
        optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3, eps=0.0, eps_root=1e-8)),
        Rule("adam", 1e-3, eps=0.0, eps_inside_root=1e-8, clip_norm=1.0),
    ),
    "adam of arrays": (optax.inject_hyperparams(optax.adam)(1e-3), Rule("adam", 1e-3)),
    "adamw": (
        optax.chain(optax.clip(0.5), optax.adamw(1e-3, weight_decay=0.1)),
        Rule("adam", 1e-3, weight_decay=0.1, decoupled=True, clip_value=0.5),
    ),
    "rmsprop": (
        optax.rmsprop(1e-3),
        Rule("rmsprop", 1e-3, alpha=0.9, eps=0.0, eps_inside_root=1e-8),
    ),
    "adagrad": (optax.adagrad(1e-2), Rule("adagrad", 1e-2, eps=0.0, eps_inside_root=1e-7)),
    "lion": (
        optax.lion(1e-3, weight_decay=0.1),
        Rule("lion", 1e-3, betas=(0.9, 0.99), weight_decay=0.1, decoupled=True),
    ),
}


def drawn(rng, dtype, sizes=(-20, 4)):
    """Arrays of numbers of all sizes, some of which are 0."""
    found = {}
    for name, shape in SHAPES.items():
        size = 10.0 ** rng.uniform(*sizes, shape) * (rng.random(shape) > 0.1)
        found[name] = np.asarray(rng.normal(size=shape) * size, dtype)
    return found


def copies(named):
    return {name: to_array(tensor.detach()).copy() for name, tensor in named.items()}


def torch_steps(make, dtype, *, steps=STEPS):
    """Yields the steps of an optimizer of torch."""
    rng = np.random.default_rng(0)
    first = drawn(rng, dtype, (-2, 0))
    named = {name: torch.nn.Parameter(to_tensor(array)) for name, array in first.items()}
    optimizer = make(list(named.values()))
    for number in range(1, steps + 1):
        gradients = drawn(rng, dtype)
        for name, parameter in named.items():
            parameter.grad = to_tensor(gradients[name])
        rules, before = read_torch(optimizer, named), (copies(named), torch_state(optimizer, named))
        optimizer.step()
        after = copies(named), torch_state(optimizer, named)
        yield Step(number, rules, before[0], gradients, before[1], *after)


def optax_steps(chain, rule, dtype):
    """Yields the steps of an optimizer of optax."""
    rng = np.random.default_rng(0)
    with jax.enable_x64(dtype == np.float64), jax.numpy_dtype_promotion("standard"):
        params = jax.tree.map(jnp.asarray, drawn(rng, dtype, (-2, 0)))
        state = chain.init(params)

        @jax.jit
        def step(params, gradients, state):
            updates, state = chain.update(gradients, state, params)
            return optax.apply_updates(params, updates), state

        for number in range(1, STEPS + 1):
            gradients = drawn(rng, dtype)
            before = jax.tree.map(np.array, params), optax_state(state, params, list(SHAPES))
            params, state = step(params, gradients, state)
            after = jax.tree.map(np.array, params), optax_state(state, params, list(SHAPES))
            rules = dict.fromkeys(SHAPES, rule)
            yield Step(number, rules, before[0], gradients, before[1], *after)


def checks(step, dtype):
    """Every array of a step, held against what its rules ask for."""
    u = float(ml_dtypes.finfo(dtype).eps) / 2
    for (kind, name), known in expected(step, np.dtype(dtype)).items():
        arrays = step.new_weights if kind == WEIGHTS else step.new_state[kind]
        yield check(kind, name, (), np.asarray(arrays[name]), known, u)


@pytest.mark.parametrize("how", ["single", "foreach", "fused"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_of_torch_stay_within_the_bounds_of_their_rules(name, how):
    if how == "fused" and name in ("rmsprop", "centered", "adagrad"):
        pytest.skip("torch has none")
    options = {"foreach": how == "foreach"} if how != "fused" else {"fused": True}
    for step in torch_steps(lambda p: OPTIMIZERS[name](p, **options), np.float32):
        found = list(checks(step, np.float32))
        assert len(found) >= len(SHAPES)
        assert all(one.holds and one.is_typical for one in found), step.number
        # where v - m^2 underflows, its root may be NaN
        assert name == "centered" or not any(one.vacuous for one in found), step.number


@pytest.mark.parametrize("dtype", [np.float64, ml_dtypes.bfloat16])
@pytest.mark.parametrize("name", ["momentum", "adamw"])
def test_so_do_they_in_other_dtypes(name, dtype):
    for step in torch_steps(OPTIMIZERS[name], dtype, steps=2):
        assert all(one.holds for one in checks(step, dtype)), step.number


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CHAINS)
def test_optimizers_of_optax_stay_within_the_bounds_of_their_rules(name, dtype):
    for step in optax_steps(*CHAINS[name], dtype):
        found = list(checks(step, dtype))
        assert len(found) >= len(SHAPES)
        assert all(one.holds and one.is_typical and not one.vacuous for one in found), step.number


def test_state_that_a_run_does_not_show_has_the_bounds_of_the_steps_before():
    first, second = torch_steps(OPTIMIZERS["momentum"], np.float32, steps=2)
    hidden = [dataclasses.replace(one, state={}, new_state={}) for one in (first, second)]
    made = expected(hidden[0], np.dtype(np.float32))
    shown = {name: made["momentum", name].value for name in SHAPES}
    carried = expected(hidden[1], np.dtype(np.float32), made)
    exact = expected(dataclasses.replace(second, state={"momentum": shown}), np.dtype(np.float32))
    for name in SHAPES:
        more = carried["momentum", name].error[0] - exact["momentum", name].error[0]
        assert (more > 0).any()
        assert (more >= 0).all()


def test_groups_have_rules_of_their_own_and_frozen_weights_none():
    named = {name: torch.nn.Parameter(torch.zeros(2)) for name in ("w", "b", "frozen")}
    named["frozen"].requires_grad_(False)
    groups = [{"params": [named["w"], named["frozen"]]}, {"params": [named["b"]], "lr": 0.5}]
    rules = read_torch(torch.optim.SGD(groups, lr=0.1, momentum=0.9), named)
    assert rules == {"w": Rule("sgd", 0.1, momentum=0.9), "b": Rule("sgd", 0.5, momentum=0.9)}


def test_an_optimizer_whose_rule_is_not_known_is_refused():
    weight = torch.nn.Parameter(torch.zeros(2))
    with pytest.raises(UsageError, match=r"SGD, Adam, AdamW, RMSprop, Adagrad; got .*NAdam"):
        read_torch(torch.optim.NAdam([weight]), {"w": weight})
    with pytest.raises(UsageError, match=r"parameters of the model, got another one of shape \(2,"):
        read_torch(torch.optim.SGD([weight]), {"w": torch.nn.Parameter(torch.zeros(2))})


def test_states_of_optax_are_found_however_they_are_nested():
    params = {"b": jnp.zeros(3), "w": jnp.ones((2, 3))}
    parts = {
        "rest": optax.masked(optax.inject_hyperparams(optax.adam)(0.1), {"b": False, "w": True}),
        "biases": optax.chain(optax.clip(1.0), optax.sgd(0.1, momentum=0.9)),
    }
    chain = optax.MultiSteps(optax.multi_transform(parts, {"b": "biases", "w": "rest"}), 2)
    found = optax_state(chain.init(params), params, ["fc.bias", "fc.weight"])
    assert {slot: sorted(arrays) for slot, arrays in found.items()} == {
        "accumulated": ["fc.bias", "fc.weight"],
        "momentum": ["fc.bias"],
        "first_moment": ["fc.weight"],
        "second_moment": ["fc.weight"],
        "count": ["fc.bias", "fc.weight"],
    }


def test_two_states_of_a_kind_are_refused():
    params = {"w": jnp.zeros(3)}
    twice = optax.chain(optax.trace(0.9), optax.trace(0.5))
    with pytest.raises(UsageError, match=r"one state of a kind .* got two of TraceState.trace for"):
        optax_state(twice.init(params), params, ["w"])
