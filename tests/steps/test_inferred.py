"""Rules of optimizers of optax, which do not show them."""

import jax
import numpy as np
import optax
import pytest

from compare.steps.rules.inferred import inferred
from compare.steps.rules.optax import optax_state
from compare.steps.rules.rule import Rule
from compare.steps.rules.step import Step

SHAPES = {"b": (8,), "w": (8, 12)}
CHAINS = {
    "sgd": (optax.sgd(0.1), Rule("sgd", 0.1)),
    "momentum": (
        optax.chain(optax.add_decayed_weights(0.01), optax.sgd(0.05, momentum=0.9)),
        Rule("sgd", 0.05, momentum=0.9, weight_decay=0.01),
    ),
    "clipped": (
        optax.chain(optax.clip_by_global_norm(0.1), optax.sgd(0.1, momentum=0.9)),
        Rule("sgd", 0.1, momentum=0.9, clip_norm=0.1),
    ),
    "adamw": (
        optax.adamw(2e-3, b1=0.8, weight_decay=0.1),
        Rule("adam", 2e-3, betas=(0.8, 0.999), weight_decay=0.1, decoupled=True),
    ),
    "rmsprop": (
        optax.rmsprop(1e-3),
        Rule("rmsprop", 1e-3, alpha=0.9, eps=0.0, eps_inside_root=1e-8),
    ),
}


def steps_of(chain, steps=3):
    rng = np.random.default_rng(0)
    params = {name: np.float32(rng.normal(0, 0.1, shape)) for name, shape in SHAPES.items()}
    state, found = chain.init(params), []
    for number in range(1, steps + 1):
        sizes = {name: 10 ** rng.uniform(-4, -1, shape) for name, shape in SHAPES.items()}
        gradients = {k: np.float32(rng.normal(size=one.shape) * one) for k, one in sizes.items()}
        before = optax_state(state, params, list(SHAPES))
        with jax.numpy_dtype_promotion("standard"):
            updates, state = chain.update(gradients, state, params)
            new = jax.tree.map(np.array, optax.apply_updates(params, updates))
        after = optax_state(state, params, list(SHAPES))
        found.append(Step(number, {}, params, gradients, before, new, after))
        params = new
    return found


@pytest.mark.parametrize("name", CHAINS)
def test_the_rule_of_an_optimizer_is_seen_in_its_steps(name):
    chain, rule = CHAINS[name]
    assert inferred(steps_of(chain), np.dtype(np.float32)) == dict.fromkeys(SHAPES, rule)


def test_of_an_optimizer_that_is_not_known_no_rule_is_seen():
    assert inferred(steps_of(optax.novograd(0.1), 2), np.dtype(np.float32)) is None


def test_a_rule_says_what_it_is():
    assert CHAINS["adamw"][1].described == (
        "AdamW with lr 0.002, weight_decay 0.1, betas 0.8 and 0.999, eps 1e-08 outside of the root"
    )
