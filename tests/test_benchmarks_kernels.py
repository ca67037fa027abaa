"""The table of rules and mistakes of kernels: that right is right, wrong is wrong, and counted."""

import jax
import numpy as np
import pytest

from benchmarks import kernel_rules, kernels
from benchmarks.kernel_mistakes import KERNELS
from benchmarks.kernel_mistakes.kernel import results_of

# they happen to probabilities that are smaller than any of six classes
UNSEEN = {"backward: p clipped at 1e-7", "backward: small p dropped"}


def both(kernel, function):
    args = kernel.arguments(kernel.small, np.float64)
    with jax.enable_x64(True):
        shape = jax.eval_shape(kernel.reference, *args).shape
        cotangent = np.random.default_rng(1).normal(size=shape)
        return [np.asarray(one) for one in results_of(function, args, cotangent, len(kernel.wrt))]


def off_by(found, expected):
    pairs = zip(found, expected, strict=True)
    return max(abs(a - b).max() / abs(b).max() for a, b in pairs)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_its_reference_and_with_a_mistake_it_is_not(name):
    kernel = KERNELS[name]
    expected, right = both(kernel, kernel.reference), both(kernel, kernel.function(kernel.right))
    assert off_by(right, expected) < 1e-13
    for mistake, steps in kernel.mistakes.items():
        found = both(kernel, kernel.function(steps))
        assert (found[0] == right[0]).all() == mistake.startswith("backward: "), mistake
        assert (off_by(found, expected) > 1e-8) == (mistake not in UNSEEN), mistake


def test_every_rule_objects_to_what_is_wrong_and_ours_to_nothing_else():
    kernel = KERNELS["linear + gelu"]
    steps = {"right": kernel.right, "wrong": kernel.mistakes["gelu by sigmoid"]}
    judged = kernel_rules.Judged(kernel, steps)
    case = judged.case(1.0, 0)
    for name, answer in judged.answers(case).items():
        is_wrong = name == "wrong"
        rules = kernel_rules.BY_RESULTS
        assert [rules[rule](case, answer) for rule in list(rules)[:3]] == [is_wrong] * 3
        for objects in kernel_rules.BY_DIFFERENCES.values():
            assert objects(kernel, steps[name]) is is_wrong


FOUND = {
    ("a", "(right)"): {kernel_rules.ASSERTED: (False, False, False), "other": (True,)},
    ("a", "one"): {kernel_rules.ASSERTED: (True, False, True), "other": (True,)},
    ("a", "two"): {kernel_rules.ASSERTED: (True, True, True), "other": (False,)},
}


def test_the_table_counts():
    _, factors, asserted, other = kernels.table(FOUND)
    assert factors.split() == ["cotangents", "times", *("0.001 / 1 / 1000 " * 2).split()]
    assert asserted.endswith("2 / 1 / 2               0 / 0 / 0")
    assert other.split() == ["other", "1", "1"]


@pytest.mark.parametrize(("least", "status"), [(1, 0), (2, 1)])
def test_a_goal_that_is_missed_is_status_1(least, status, monkeypatch, capsys):
    of_a = {mistake: rules for (_, mistake), rules in FOUND.items()}
    monkeypatch.setattr(kernels, "KERNELS", {"a": None})
    monkeypatch.setattr(kernels, "objections", lambda name, draws: of_a)
    monkeypatch.setattr(kernels, "_LEAST", least)
    assert kernels.main(["", "--all"]) == status
    printed = capsys.readouterr().out
    assert "a: one" in printed
    assert "x-x" in printed
