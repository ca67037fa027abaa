"""Training runs of JAX and optax beside those of torch."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from torch import nn

from compare import Model, Training, UsageError, compare_steps
from tests.steps.test_torch_runs import BATCHES, model

STEPS = 3


def network(params, x):
    h = jnp.tanh(x @ params["first"]["kernel"] + params["first"]["bias"][None])
    return h @ params["last"]["kernel"] + params["last"]["bias"][None]


def squared(outputs, targets):
    return jnp.mean((outputs - targets) ** 2)


def of_jax(transformation, *, loss=squared, weights=None):
    state = {name: one.numpy() for name, one in model().state_dict().items()}
    params = {
        name: {"kernel": state[f"{key}.weight"].T, "bias": state[f"{key}.bias"]}
        for name, key in (("first", "0"), ("last", "2"))
    }
    return Training(Model(network, weights or params), loss, transformation)


def of_torch(make, **options):
    own = model()
    return Training(own, nn.functional.mse_loss, make(own.parameters(), **options))


PLAIN = {"weight_decay": 0.01}


def test_float64_tells_what_float32_hardly_shows():
    reference = of_torch(torch.optim.AdamW, lr=0.01, **PLAIN)
    candidates = {
        "optax": of_jax(optax.adamw(0.01, eps=3e-6, **PLAIN)),
        "torch": of_torch(torch.optim.AdamW, lr=0.01, eps=3e-6, **PLAIN),
    }
    for found in compare_steps(reference, candidates, BATCHES, steps=1).candidates:
        assert 1 < found.steps[0].update < 4
        assert (found.verdict, found.basis) == ("disagree", "float64")
        assert "in float64 its update is wrong too, by 0.0006 of it" in found.sentence
        assert "eps is 3e-06, where the reference has 1e-08" in found.reason


HOW = {"weight_decay": 0.1, "eps": 1e-3}
MISTAKES = {
    "eps in the root": optax.adamw(0.01, weight_decay=0.1, eps=0.0, eps_root=1e-3),
    "coupled": optax.chain(optax.add_decayed_weights(0.1), optax.adam(0.01, eps=1e-3)),
    "scheduled": optax.adamw(optax.piecewise_constant_schedule(0.01, {2: 0.5}), **HOW),
}


@pytest.fixture(scope="module")
def standings():
    reference = of_torch(torch.optim.AdamW, lr=0.01, **HOW)
    candidates = {"same": optax.adamw(0.01, **HOW), **MISTAKES}
    named = {name: of_jax(one) for name, one in candidates.items()}
    report = compare_steps(reference, named, BATCHES, steps=STEPS)
    return {one.name: one for one in report.candidates}


def test_optax_agrees_with_torch(standings):
    same = standings["same"]
    assert (same.verdict, same.basis) == ("agree", "certificate")
    assert max(one.used for one in same.steps) < 1


@pytest.mark.parametrize(
    ("name", "step", "kind", "reason"),
    [
        ("eps in the root", 1, "weights", "eps is added inside the root"),
        ("coupled", 1, "state", "the weight decay is coupled"),
        ("scheduled", 3, "weights", "from step 3 on, the learning rate is 1/2 times"),
    ],
)
def test_a_difference_is_found_where_it_acts_first(standings, name, step, kind, reason):
    found = standings[name]
    assert found.verdict == "disagree"
    assert (found.first.number, found.first.first.kind) == (step, kind)
    assert reason in found.reason


def test_torch_agrees_with_optax_as_the_reference():
    reference = of_jax(optax.adamw(0.01, weight_decay=0.1))
    candidates = {
        "same": of_torch(torch.optim.AdamW, lr=0.01, weight_decay=0.1),
        "adam": of_torch(torch.optim.Adam, lr=0.01),
    }
    report = compare_steps(reference, candidates, BATCHES, steps=3, restart=True)
    same, adam = report.candidates
    assert same.verdict == "agree"
    assert (adam.verdict, adam.first.number, adam.first.first.kind) == ("disagree", 1, "weights")


def test_a_state_that_a_candidate_lacks_is_followed():
    reference = of_jax(optax.sgd(0.1, momentum=0.9))
    report = compare_steps(reference, of_jax(optax.sgd(0.1)), BATCHES, steps=3)
    (found,) = report.candidates
    assert (found.verdict, found.first.number, found.first.first.kind) == ("disagree", 2, "weights")


LABELS = [(x.numpy(), np.array([0, 1, 1, 0, 1, 0], np.int32)) for x, _ in BATCHES]
SAMPLES = [(x, int(t)) for inputs, targets in LABELS for x, t in zip(inputs, targets, strict=True)]
FORMS = {
    "NumPy": LABELS,
    "lists of JAX": [[jnp.asarray(x), jnp.asarray(t)] for x, t in LABELS],
    "a loader": torch.utils.data.DataLoader(SAMPLES, batch_size=6),
}


@pytest.mark.parametrize("form", FORMS)
def test_batches_are_arrays_of_any_framework(form):
    def entropy(outputs, labels):
        return optax.softmax_cross_entropy_with_integer_labels(outputs, labels).mean()

    own = model()
    optimizer = torch.optim.SGD(own.parameters(), lr=0.1)
    reference = Training(own, nn.functional.cross_entropy, optimizer)
    candidate = of_jax(optax.sgd(0.1), loss=entropy)
    assert compare_steps(reference, candidate, FORMS[form], steps=1).agrees


def test_optimizers_that_have_no_rule_here_are_held_against_themselves():
    reference = of_jax(optax.adadelta(0.1))
    others = {"same": optax.adadelta(0.1), "other": optax.adadelta(0.1, rho=0.8)}
    candidates = {name: of_jax(one) for name, one in others.items()}
    report = compare_steps(reference, candidates, BATCHES, steps=2)
    assert [one.verdict for one in report.candidates] == ["agree", "disagree"]


def test_what_does_not_fit_is_one_sentence():
    reference = of_torch(torch.optim.SGD, lr=0.1)
    with pytest.raises(UsageError, match="candidate: optimizer: expected one of optax"):
        compare_steps(reference, of_jax(reference.optimizer), BATCHES, steps=1)
    other = {name: {"kernel": np.ones((3, 4)), "bias": np.ones(4)} for name in ("first", "last")}
    uncalled = Training(model(), nn.functional.mse_loss, torch.optim.AdamW)
    with pytest.raises(UsageError, match=r"made of model.parameters\(\), .* got the class AdamW"):
        compare_steps(uncalled, reference, BATCHES)
    masked = optax.adamw(0.1, mask={"params": True})  # of another structure
    with pytest.raises(UsageError, match=r"raised: [^\n]*; it gets the weights in dicts [^\n]*$"):
        compare_steps(reference, of_jax(masked), BATCHES)
    with pytest.raises(UsageError, match=r"^candidate: "):
        compare_steps(reference, of_jax(optax.sgd(0.1), weights=other), BATCHES, steps=1)
    scheduled = dataclasses.replace(of_jax(optax.sgd(0.1)), schedule=optax.constant_schedule(0.1))
    with pytest.raises(UsageError, match="schedule: expected none, since those of optax are in"):
        compare_steps(reference, scheduled, BATCHES, steps=1)
    plain = Training(network, squared, optax.sgd(0.1))
    with pytest.raises(UsageError, match=r"Model\(function, weights\)"):
        compare_steps(reference, plain, BATCHES, steps=1)


def test_numbers_that_an_optimizer_keeps_are_part_of_its_state():
    def injected(rate):
        return of_jax(optax.inject_hyperparams(optax.sgd)(learning_rate=rate))

    report = compare_steps(
        injected(0.1), {"same": injected(0.1), "other": injected(0.2)}, BATCHES, steps=2
    )
    same, other = report.candidates
    assert same.verdict == "agree"
    assert (other.verdict, other.first.number) == ("disagree", 1)


def test_weights_of_no_axes_are_trained():
    def scaled(params, x):
        return (x @ params["w"]) * params["scale"]

    own = {"w": np.ones((3, 2), np.float32), "scale": np.float32(0.5)}
    trainings = [Training(Model(scaled, own), squared, optax.adam(0.1)) for _ in range(2)]
    assert compare_steps(*trainings, BATCHES, steps=2, restart=True).agrees


class TwoBiases(nn.Module):
    """As torch's recurrent layers have them, where JAX has their sum."""

    def __init__(self, *, is_frozen):
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3))
        self.bias_ih = nn.Parameter(torch.tensor([1e-3, -2e-3]))
        self.bias_hh = nn.Parameter(torch.tensor([0.7, 0.4]), requires_grad=not is_frozen)

    def forward(self, x):
        return x @ self.weight.T + self.bias_ih + self.bias_hh


def test_a_sum_of_biases_is_trained_as_the_one_that_is():
    def summed(params, x):
        return x @ params["kernel"] + params["bias"][None]

    def pair(*, is_frozen, decay=0.0):
        own = TwoBiases(is_frozen=is_frozen)
        state = {name: one.detach().numpy() for name, one in own.named_parameters()}
        params = {"kernel": state["weight"].T, "bias": state["bias_ih"] + state["bias_hh"]}
        optimizer = torch.optim.SGD(own.parameters(), lr=0.1, weight_decay=decay)
        chain = optax.chain(optax.add_decayed_weights(decay), optax.sgd(0.1))
        candidate = Training(Model(summed, params), squared, chain)
        return Training(own, nn.functional.mse_loss, optimizer), candidate

    report = compare_steps(*pair(is_frozen=True), BATCHES, steps=3)
    assert (report.verdict, report.candidates[0].basis) == ("agree", "certificate")
    decayed = compare_steps(*pair(is_frozen=True, decay=0.1), BATCHES, steps=1)
    assert decayed.verdict == "disagree"
    assert "its weight decay acts on both; let the constant be 0" in decayed.candidates[0].reason
    with pytest.raises(UsageError, match=r"bias_hh say, by bias_hh\.requires_grad_\(False\)"):
        compare_steps(*pair(is_frozen=False), BATCHES, steps=1)
