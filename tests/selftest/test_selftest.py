"""Planted mistakes: a few in three networks here, all of them by `python -m compare.selftest`."""

import numpy as np
import pytest

from compare.selftest import __main__ as selftest
from compare.selftest import planted_mistakes
from compare.selftest.backward import backward, forward
from compare.selftest.batch_trial import try_batches
from compare.selftest.mistakes import KINDS, MISTAKES
from compare.selftest.mistakes.batches import BATCHES
from compare.selftest.mistakes.claim import Told
from compare.selftest.mistakes.phis import NAMELESS, PHIS
from compare.selftest.planted_mistakes import try_mistake
from compare.selftest.plants import make_subject, plan
from compare.selftest.score import Score
from compare.selftest.trial import Cause, judge, outcome
from compare.selftest.trial_networks import NETWORKS, draw_problem, true_answers


@pytest.mark.parametrize(
    ("kind", "least"),
    {
        "backward": 100,
        "forward": 60,
        "reading": 20,
        "precision": 20,
        "pairs": 40,
        "ends": 30,
    }.items(),
)
def test_there_are_enough_mistakes(kind, least):
    assert len(KINDS[kind]) >= least


def test_no_name_is_given_twice_and_a_third_have_no_claim():
    assert len(MISTAKES) == sum(map(len, KINDS.values()))
    assert 3 * sum(not mistake.told for mistake in MISTAKES.values()) >= len(MISTAKES) - 3


def test_every_mistake_is_planted_and_every_network_has_some():
    small = {k: v for k, v in NETWORKS.items() if v.layer_sizes[0] < 100}
    plants = plan(small, seed=0)
    assert {plant.name for some in plants.values() for plant in some} == set(MISTAKES)
    others = {label for label, one in small.items() if one.end != ("linear", "squared") or one.l2}
    assert min(len(some) for label, some in plants.items() if label not in others) > 5
    assert min(len(plants[label]) for label in others) > 1


@pytest.mark.parametrize(
    ("label", "every"), [("relu", 24), ("identity", 24), ("sigmoid in float64", 16)]
)
def test_gross_mistakes_are_found_and_none_is_explained_wrongly(label, every):
    subject = make_subject(label, NETWORKS[label], seed=0)
    true, score = true_answers(subject.problem), Score()
    for plant in plan({label: NETWORKS[label]}, seed=0)[label][::every]:
        trial = try_mistake(subject, true, plant.mistake)
        score.add_mistake(label, plant, subject.forward, trial)
        assert "planted" in trial.verdict.reason
    assert not score.has_failed, "\n".join(score.lines(listed=False))
    assert score.named[("backward", "right")] > 1
    assert min(score.unnamed[kind] for kind in ("backward", "forward")) > 1


def test_the_sentence_names_the_missing_factor():
    subject = make_subject("the usual one", NETWORKS["the usual one"], seed=0)
    true = true_answers(subject.problem)
    reason = try_mistake(subject, true, MISTAKES["factor 2 missing"]).verdict.reason
    assert reason.startswith(
        "the gradient of planted is half of what the chain rule gives, as by a missing factor 2 of "
        "(yhat - y)^2: right for --loss=half_squared; first seen in sample 0, layer 3, by the rule "
        "output: delta3[0] "
    )


def test_nothing_is_said_of_a_bias_that_is_not_there():
    subject = make_subject("no biases", NETWORKS["no biases"], seed=0)
    trial = try_mistake(subject, true_answers(subject.problem), MISTAKES["dw2 twice"])
    assert trial.causes == (Cause(("dL/dw2",), "twice what the chain rule gives"),)
    assert "b2" not in trial.verdict.reason


def test_correct_pairs_agree():
    for label in ("10 hidden relu layers", "saturated tanh", "tiny weights"):
        problem = draw_problem(NETWORKS[label], seed=1)
        true = true_answers(problem)
        trial = judge(problem, {k: true[k] for k in ("jax_manual", "torch_autograd")})
        assert trial.verdict.verdict == "agree", label


B1, B2 = (Told(name, ("computed without {b}",)) for name in ("h1", "h2"))
DW = Told("dL/dw1*", ("0.1 times what the chain rule gives", "a tenth"))
HALF = Told("the gradient", ("half, as by a mean",))
STEP = Told("delta1*", ("computed with {w_above} after a step of 0.1",))


@pytest.mark.parametrize(
    ("told", "causes", "expected"),
    [
        ([B2], [], "none"),
        ([B2], [("h2", "computed without b2")], "right"),
        ([B2], [("h2", "computed without b2: it is 0")], "right"),
        ([B2], [("h2", "computed without b22")], "wrong"),
        ([B2], [("h2", "computed without b2 and w2")], "wrong"),
        ([B2], [("h2", "not computed without b2")], "wrong"),
        ([B2], [("h1", "computed without b1")], "wrong"),
        ([B2], [("h2", "computed without w2, or computed without b2")], "right"),
        ([B2], [("delta2", "the Moon, or h2 is computed without b2")], "right"),
        ([B2], [("h2", "computed without b2, in the forward pass alone")], "wrong"),
        ([B1, B2], [("h1, h2", "computed without b1 and b2")], "right"),
        ([B1, B2], [("h1", "computed without b1"), ("h2", "computed without b2")], "right"),
        ([B1, B2], [("h1", "computed without b1")], "part"),
        ([B1, B2], [("h1, h2", "computed without b2 and b1")], "wrong"),
        ([B2, DW], [("h2", "computed without b2")], "part"),
        ([B2, DW], [("h2", "computed without b2"), ("dL/dw1, dL/dw2, dL/dw3", "a tenth")], "right"),
        ([DW], [("dL/dw1, dL/dw3, dL/dw2", "0.1 times what the chain rule gives")], "right"),
        ([DW], [(f"dL/dw{i}", "a tenth, as by a step of 0.1") for i in (1, 2, 3)], "right"),
        ([DW], [("dL/dw1, dL/dw3", "a tenth")], "part"),
        ([DW], [("dL/dw1, dL/dw2, dL/dw3", "0.01 times what the chain rule gives")], "wrong"),
        ([DW], [("dL/dw1, dL/dw2, dL/dw3", "-0.1 times what the chain rule gives")], "wrong"),
        ([DW], [("dL/dw1", "a tenth"), ("x", "negated")], "wrong"),
        ([DW], [("dL/db1", "ten times, or dL/dw1, dL/dw2 and dL/dw3 are a tenth")], "right"),
        ([HALF], [("the gradient", "half, as by a missing 2 or by a mean")], "right"),
        ([HALF], [("the gradient", "half, as by a missing 2")], "wrong"),
        ([STEP], [("delta2, delta1", "computed with w3 and w2 after a step of 0.1")], "right"),
        ([STEP], [("delta2, delta1", "computed with w2 and w1 after a step of 0.1")], "wrong"),
        ([STEP], [("delta1", "computed with w2 after a step of 0.1")], "part"),
    ],
)
def test_what_counts_as_the_right_explanation(told, causes, expected):
    f = make_subject("the usual one", NETWORKS["the usual one"], seed=0).forward
    named = [Cause(tuple(names.split(", ")), said) for names, said in causes]
    assert outcome([one.of(f) for one in told], named) == expected


@pytest.mark.parametrize("phi", [*PHIS.values(), *NAMELESS.values()], ids=[*PHIS, *NAMELESS])
def test_a_planted_activation_has_its_own_slope(phi):
    z = np.linspace(-7, 7, 37) + 0.0123  # no kink
    difference = (phi.value(z + 1e-6) - phi.value(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(phi.slope(z), difference, rtol=1e-6, atol=1e-7)


def test_mistakes_of_batches_are_found_and_named():
    score = Score()
    try_batches(make_subject("ridge", NETWORKS["ridge"], seed=0), score)
    assert not score.has_failed, "\n".join(score.lines(listed=True))
    named, unnamed = score.named["batches", "right"], score.unnamed["batches"]
    assert named == 10
    assert named + unnamed == score.batches["mistakes"] == len(BATCHES)


@pytest.mark.parametrize("label", ["agreed", "missed"])
def test_what_is_said_of_batches_is_counted(label):
    score = Score()
    score.add_batch("ridge: a sum for the mean: -", label)
    assert score.has_failed == (label == "missed")
    assert "Batches: " in "\n".join(score.lines(listed=False))


def only(monkeypatch, label):
    """Leaves one network, and every twelfth mistake in it."""
    some = plan({label: NETWORKS[label]}, seed=0)[label][::12]
    monkeypatch.setattr(planted_mistakes, "NETWORKS", {label: NETWORKS[label]})
    monkeypatch.setattr(planted_mistakes, "plan", lambda setups, *, seed: {label: some})


def test_table_counts(monkeypatch, capsys):
    only(monkeypatch, "no hidden layer")
    assert selftest.main(["compare.selftest"]) == 0
    printed = capsys.readouterr().out
    assert "0 of 12" in printed.split("our verdict")[1].splitlines()[0]
    assert "torch.testing.assert_close" in printed
    assert "Explained wrongly: 0.\nExplained, though they have no name: 0.\n" in printed
    assert "in part or not" not in printed


def test_what_is_explained_wrongly_is_listed_and_fails(monkeypatch, capsys):
    only(monkeypatch, "no hidden layer")

    def says_nonsense(problem, answers):
        return judge(problem, answers)._replace(causes=(Cause(("x",), "is the Moon"),))

    monkeypatch.setattr(planted_mistakes, "judge", says_nonsense)
    assert selftest.main(["compare.selftest", "--listed"]) == 2
    printed = capsys.readouterr().out
    assert "  no hidden layer: factor 2 missing: x is the Moon\n" in printed
    assert "  no hidden layer: log of x: x is the Moon\n" in printed
    assert "Explained in part or not at all: 0." in printed


def test_a_missed_mistake_fails(monkeypatch, capsys):
    only(monkeypatch, "no hidden layer")

    def sees_nothing(problem, answers):
        trial = judge(problem, answers)
        return trial._replace(alarms=dict.fromkeys(trial.alarms, False), causes=())

    monkeypatch.setattr(planted_mistakes, "judge", sees_nothing)
    assert selftest.main(["compare.selftest"]) == 2
    shown = capsys.readouterr()
    assert "no hidden layer: factor 2 missing: missed, gross: " in shown.err
    assert "Explained wrongly: 0." in shown.out


def test_planted_backward_without_a_mistake_is_right():
    problem = draw_problem(NETWORKS["gelu"], seed=2)
    f = forward(problem.params, problem.batch(0, problem.n_samples), "gelu")
    reference = true_answers(problem)["jax_grad"].grads
    for ours, theirs in zip(backward(f), reference, strict=True):
        np.testing.assert_allclose(ours.w, theirs.w, rtol=1e-4, atol=1e-7)
