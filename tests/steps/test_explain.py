"""Why the steps of an optimizer are not those of its reference."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.steps.rules.explain import explain
from compare.steps.rules.rule import Rule
from compare.steps.rules.step import Step
from compare.steps.rules.update import update

SHAPES = {"a.bias": (8,), "a.weight": (8, 12), "b.weight": (3, 8)}
FLOAT32 = np.dtype(np.float32)
SGD = Rule("sgd", 0.1)
MOMENTUM = Rule("sgd", 0.1, momentum=0.9)
DECAYED = Rule("sgd", 0.1, momentum=0.9, weight_decay=0.01)
CLIPPED = Rule("sgd", 0.1, momentum=0.9, clip_norm=0.1, weight_decay=0.1)
ADAM = Rule("adam", 1e-3)
ADAMW = Rule("adam", 1e-3, weight_decay=0.01, decoupled=True)

PLANTED = {  # the rule of the reference, what is changed in it, what is said
    "eps inside": (ADAM, {"eps": 0.0, "eps_inside_root": 1e-8}, "eps is added inside the root"),
    "eps": (ADAM, {"eps": 1e-6}, "eps is 1e-06, where the reference has 1e-08"),
    "no correction": (ADAM, {"bias_correction": False}, "the bias of the averages is not correct"),
    "count": (
        ADAM,
        {"count_shift": 1},
        "the bias of the averages is corrected by 1 - beta^(t + 1)",
    ),
    "betas": (ADAM, {"betas": (0.999, 0.9)}, "the two betas are swapped"),
    "beta2": (ADAM, {"betas": (0.9, 0.99)}, "beta2 is 0.99, where the reference has 0.999"),
    "coupled": (ADAMW, {"decoupled": False}, "the weight decay is coupled"),
    "no decay": (
        ADAMW,
        {"weight_decay": 0.0},
        "weights do not decay, or too little to be seen, where those of the reference do",
    ),
    "rate": (ADAM, {"lr": 1e-2}, "the learning rate is 10 times that of the reference"),
    "nesterov": (MOMENTUM, {"nesterov": True}, "the momentum is Nesterov's"),
    "momentum": (MOMENTUM, {"momentum": 0.99}, "momentum is 0.99, where the reference has 0.9"),
    "ascent": (SGD, {"maximize": True}, "the sign of the gradient is wrong"),
    "sum": (MOMENTUM, {"gradient_factor": 4.0}, "the gradient is taken 4 times, as a sum over 4"),
    "mean": (MOMENTUM, {"gradient_factor": 1 / 3}, "the gradient is taken 1/3 times, as a mean ov"),
    "not clipped": (CLIPPED, {"clip_norm": None}, "gradients are not clipped"),
    "clip by value": (
        CLIPPED,
        {"clip_norm": None, "clip_value": 0.1},
        "gradients are clipped by v",
    ),
    "clipped": (ADAMW, {"clip_norm": 0.05}, "gradients are clipped to a norm of 0.05, where the"),
    "clipped by value": (
        MOMENTUM,
        {"clip_value": 0.03},
        "gradients are clipped to 0.03, entry by entry, where the reference does not",
    ),
    "clip each": (CLIPPED, {"clip_each": True}, "each gradient is clipped by its own norm"),
    "clip late": (CLIPPED, {"decay_before_clip": True}, "the gradient is clipped after the weight"),
    "clip norm": (CLIPPED, {"clip_norm": 0.05}, "clip_norm is 0.05, where the reference has 0.1"),
}


def taken(reference, actual, *, steps=2, gradients=None, hidden=False):
    """Steps by the rule `actual(name, number)`, with what `reference(name, number)` asks for."""
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.1, shape) for name, shape in SHAPES.items()}
    weights = jax.tree.map(jnp.float32, weights)
    state, found, given = {}, [], []
    for number in range(1, steps + 1):
        sizes = {name: 10 ** rng.uniform(-5, -1, shape) for name, shape in SHAPES.items()}
        right = {name: jnp.float32(rng.normal(size=one.shape) * one) for name, one in sizes.items()}
        given.append(right)
        rules = {name: actual(name, number) for name in SHAPES}
        used = gradients(given) if gradients else right
        after = update(rules, jnp.int32(number), weights, used, state)
        shown = ({}, {}) if hidden else (state, after[1])
        wanted = {name: reference(name, number) for name in SHAPES}
        arrays = (weights, right, shown[0], after[0], shown[1])
        found.append(Step(number, wanted, *jax.tree.map(np.array, arrays)))
        weights, state = after
    return found


def always(rule):
    return lambda name, number: rule


@pytest.mark.parametrize("name", PLANTED)
def test_what_an_optimizer_does_otherwise_is_named(name):
    rule, change, said = PLANTED[name]
    steps = taken(always(rule), always(dataclasses.replace(rule, **change)))
    assert explain(steps, FLOAT32).startswith(said)


@pytest.mark.parametrize("rule", [CLIPPED, ADAMW])
def test_of_a_right_optimizer_nothing_is_said(rule):
    assert explain(taken(always(rule), always(rule)), FLOAT32) is None


def test_what_cannot_be_told_apart_is_told_together():
    said = explain(taken(always(SGD), always(Rule("sgd", 0.2))), FLOAT32)
    assert said == (
        "one of these, which these steps do not tell apart: the learning rate is 2 times that of "
        "the reference; or the gradient is taken 2 times, as a sum over 2 parts is in the place of "
        "their mean"
    )


def test_a_mistake_in_the_state_and_another_in_the_weights_are_both_told():
    other = dataclasses.replace(MOMENTUM, momentum=0.8, lr=0.2)
    assert explain(taken(always(MOMENTUM), always(other)), FLOAT32) == (
        "momentum is 0.8, where the reference has 0.9; and the learning rate is 2 times that of "
        "the reference"
    )


def test_another_optimizer_is_told_for_what_it_is():
    said = explain(taken(always(MOMENTUM), always(dataclasses.replace(ADAM, lr=0.02))), FLOAT32)
    assert said == (
        "the steps are those of Adam with lr 0.02, betas 0.9 and 0.999, eps 1e-08 outside of the "
        "root, where those of the reference are of SGD with lr 0.1, momentum 0.9"
    )


def test_what_has_no_name_gets_none():
    odd = dataclasses.replace(MOMENTUM, lr=0.0371917, momentum=0.912345)
    assert explain(taken(always(MOMENTUM), always(odd)), FLOAT32) is None


def test_a_mistake_in_some_weights_is_told_with_their_names():
    def no_biases(name, number):
        return dataclasses.replace(DECAYED, weight_decay=0.0) if name == "a.bias" else DECAYED

    said = explain(taken(always(DECAYED), no_biases), FLOAT32)
    assert said.startswith("of `a.bias`: weights do not decay, or too little to be seen")
    said = explain(taken(no_biases, always(DECAYED)), FLOAT32)
    assert said == "weights decay by 0.01 as others do, which do not decay in the reference"


RATES = [0.1, 0.08, 0.05, 0.03]


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (lambda number: RATES[number], "the schedule is one step ahead"),
        (lambda number: RATES[max(number - 2, 0)], "the schedule is one step behind"),
        (lambda number: RATES[0], "the learning rate stays what it was at step 1"),
    ],
)
def test_a_schedule_that_is_off_is_named(rate, said):
    def at(rate):
        return lambda name, number: dataclasses.replace(MOMENTUM, lr=rate(number))

    steps = taken(at(lambda number: RATES[number - 1]), at(rate), steps=3)
    assert explain(steps, FLOAT32).startswith(said)


def test_gradients_that_are_not_set_to_zero_are_named():
    steps = taken(
        always(ADAM), always(ADAM), gradients=lambda given: jax.tree.map(lambda *g: sum(g), *given)
    )
    assert explain(steps, FLOAT32).startswith("gradients of earlier steps are still in the grad")


def test_state_that_a_run_does_not_show_is_carried_from_step_to_step():
    assert explain(taken(always(ADAMW), always(ADAMW), steps=3, hidden=True), FLOAT32) is None
    other = dataclasses.replace(ADAMW, betas=(0.8, 0.999))
    said = explain(taken(always(ADAMW), always(other), steps=3, hidden=True), FLOAT32)
    assert said == "beta1 is 0.8, where the reference has 0.9"
