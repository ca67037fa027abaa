"""States of optimizers that are kept in another scale than that of the reference."""

import optax
import pytest
import torch

from compare import compare_steps
from tests.steps.test_optax_runs import of_jax, of_torch
from tests.steps.test_torch_runs import BATCHES

REFERENCE = of_torch(torch.optim.SGD, lr=0.1, momentum=0.9)
SCALED = of_jax(optax.chain(optax.scale(-0.1), optax.trace(0.9)))
OTHERS = {
    "another momentum": of_jax(optax.chain(optax.scale(-0.1), optax.trace(0.8))),
    "another rate": of_jax(optax.chain(optax.scale(-0.11), optax.trace(0.9))),
    "an average": of_jax(optax.chain(optax.ema(0.9, debias=False), optax.scale(-0.1))),
}


@pytest.fixture(scope="module")
def standings():
    report = compare_steps(REFERENCE, {"scaled": SCALED, **OTHERS}, BATCHES, steps=3)
    return {one.name: one for one in report.candidates}


def test_a_momentum_times_the_learning_rate_is_the_same_training(standings):
    found = standings["scaled"]
    assert (found.verdict, found.basis) == ("agree", "certificate")
    assert all(one.verdict == "agree" and one.update < 1 for one in found.steps)
    assert found.reason is None
    assert found.remarks[-1].startswith("the momentum is -0.1 times that of the reference at all")


@pytest.mark.parametrize("name", OTHERS)
def test_a_scale_excuses_nothing_else(standings, name):
    found = standings[name]
    assert (found.verdict, found.first.number, found.first.first.kind) == ("disagree", 1, "state")
    assert not any("convention" in one for one in found.remarks)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"steps": 1}, "the weights agree: it may be another scale; 3 steps or more tell"),
        ({"steps": 3, "restart": True}, "another scale; without restart, 3 steps or more tell"),
    ],
)
def test_a_few_steps_do_not_tell_a_scale_from_another_rule(asked, said):
    report = compare_steps(REFERENCE, SCALED, BATCHES, **asked)
    assert report.verdict == "undecided"
    assert said in report.headline
    assert len(report.candidates[0].steps) == asked["steps"]
