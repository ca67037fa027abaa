"""Planted mistakes: a few networks here, all of them by `python -m compare.selftest`."""

import numpy as np
import pytest

from compare.selftest import __main__ as selftest
from compare.selftest import planted_mistakes
from compare.selftest.backward import backward, forward
from compare.selftest.mistakes import MISTAKES
from compare.selftest.trial import judge, kind_of, planted_answer, rightly_explained
from compare.selftest.trial_networks import NETWORKS, make_trial_problem


def test_there_are_enough_mistakes_and_networks():
    assert len(MISTAKES) >= 40
    assert len(NETWORKS) >= 10
    unnamed = [name for name, mistake in MISTAKES.items() if not mistake.named]
    assert len(unnamed) >= len(MISTAKES) / 4


@pytest.mark.parametrize("label", ["the usual one", "12 hidden sigmoid layers", "silu, 3 outputs"])
def test_gross_mistakes_are_found_and_explained(label):
    network = NETWORKS[label]
    problem, true = make_trial_problem(network, seed=0)
    f = forward(problem.params, problem.batch(0, problem.n_samples), network.activation)
    right = backward(f)
    named = explained = 0
    for name, mistake in MISTAKES.items():
        if not mistake.needs(f):
            continue
        wrong = backward(f, **mistake.changes)
        if kind_of(wrong, right) != "gross":
            continue
        evaluations = {"jax_grad": true["jax_grad"], "planted": planted_answer(f, wrong)}
        trial = judge(problem, evaluations)
        assert trial.verdict.verdict == "disagree", name
        assert "planted" in trial.verdict.reason
        if mistake.named:
            named += 1
            explained += rightly_explained(mistake, trial.explanation)
        else:
            assert trial.explanation is None, (name, trial.explanation)
    assert explained >= 0.9 * named


def test_the_sentence_names_the_missing_factor():
    problem, true = make_trial_problem(NETWORKS["the usual one"], seed=0)
    f = forward(problem.params, problem.batch(0, problem.n_samples), "sigmoid")
    wrong = backward(f, **MISTAKES["factor 2 missing"].changes)
    evaluations = {"jax_grad": true["jax_grad"], "planted": planted_answer(f, wrong)}
    reason = judge(problem, evaluations).verdict.reason
    assert reason.startswith(
        "delta3 of planted is half of what the chain rule gives: the factor 2 of "
        "(yhat - y)^2 is missing; first seen in sample 0, layer 3, by the rule output: delta3[0] "
    )


def test_correct_pairs_agree():
    for label in ("10 hidden relu layers", "saturated tanh", "tiny weights"):
        problem, true = make_trial_problem(NETWORKS[label], seed=1)
        trial = judge(problem, {k: true[k] for k in ("jax_manual", "torch_autograd")})
        assert trial.verdict.verdict == "agree", label


def test_table_counts(monkeypatch, capsys):
    monkeypatch.setattr(planted_mistakes, "NETWORKS", {"one": NETWORKS["no hidden layer"]})
    assert selftest.main(["compare.selftest"]) == 0
    printed = capsys.readouterr().out
    assert "our verdict" in printed
    assert "0 of 11" in printed.split("our verdict")[1].splitlines()[0]
    assert "torch.testing.assert_close" in printed
    assert "Explained, though they have no name: 0." in printed


def test_correct_networks_command(capsys):
    assert selftest.main(["compare.selftest", "--correct_networks=6"]) == 0
    printed = capsys.readouterr().out
    assert "6 networks in float32:" in printed
    for kind in ("float64", "bfloat16", "float16", "float32 with TF32 products"):
        assert f"1 networks in {kind}:" in printed
    assert "false alarms: 0" in printed


def test_planted_backward_without_a_mistake_is_right():
    problem, true = make_trial_problem(NETWORKS["gelu"], seed=2)
    f = forward(problem.params, problem.batch(0, problem.n_samples), "gelu")
    for ours, reference in zip(backward(f), true["jax_grad"].grads, strict=True):
        np.testing.assert_allclose(ours.w, reference.w, rtol=1e-4, atol=1e-7)
