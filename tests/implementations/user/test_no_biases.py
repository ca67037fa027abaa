"""Candidates of networks whose layers have no bias: what may stand in the place of db."""

import shlex

import numpy as np
import pytest

from compare import UsageError, compare_gradients, run
from jaxmlp import init_params
from tests.support import backwards

SIZES = (2, 3, 1)
DRAWN = init_params(np.random.default_rng(0), SIZES)
PARAMS = [(w, np.zeros_like(b)) for w, b in DRAWN]
X = np.random.default_rng(1).random((3, 2)).astype(np.float32)

# name -> what becomes of a list of pairs
SHAPES = {
    "none": lambda p: [(w, None) for w, _ in p],
    "zeros": lambda p: [(w, np.zeros_like(b)) for w, b in p],
    "weights": lambda p: [w for w, _ in p],
    "weights_and_loss": lambda p: (0.5, [w for w, _ in p]),
    "by_name": lambda p: {f"dW{i}": w for i, (w, _) in enumerate(p)},
    "by_name_with_none": lambda p: {
        f"d{k}{i}": g for i, (w, _) in enumerate(p) for k, g in (("W", w), ("b", None))
    },
}


def compared(shape, change=list, params=PARAMS, **options):
    def mine(given, x, y):
        pairs = given if isinstance(given, list) else [(w, np.float32(0)) for w in given.values()]
        return SHAPES[shape](change(backwards.right(pairs, x, y)))

    options = {"bias": "none", "implementations": ["numpy_manual"], **options}
    return compare_gradients(params, X, candidates=[mine], **options)


def one_wrong(pairs):
    pairs[0][0][1, 2] += np.float32(0.01) + np.abs(pairs[0][0][1, 2])
    return pairs


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_one_agrees_and_one_wrong_entry_is_found(shape):
    assert compared(shape).verdict == "agree"
    report = compared(shape, one_wrong)
    assert report.verdict == "disagree", report.reason


def test_a_tree_without_biases():
    tree = {"l0/w": DRAWN[0].w, "l1/w": DRAWN[1].w}
    for bias in ("all", "none"):
        assert compared("by_name", params=tree, bias=bias).verdict == "agree"


def test_the_report_says_which_layers_have_a_bias():
    tree = {"l0/w": DRAWN[0].w, "l1/w": DRAWN[1].w}
    partly = {**tree, "l1/b": DRAWN[1].b}
    both = {**partly, "l0/b": DRAWN[0].b}
    for params, said in ((tree, "none"), (partly, "some"), (both, "all")):
        report = compare_gradients(params, X, implementations=["numpy_manual", "jax_manual"])
        assert report.config["bias"] == said


def test_what_fails_is_saved_without_biases(tmp_path, monkeypatch):
    tree = {"l0/w": DRAWN[0].w, "l1/w": DRAWN[1].w}
    found = compared("by_name", one_wrong, params=tree, bias="all", save=tmp_path)
    assert found.verdict == "disagree"
    monkeypatch.chdir(tmp_path)
    assert run.main(shlex.split(found.reproduce)[-2:]) == 2


@pytest.mark.parametrize("shape", ["none", "weights", "by_name"])
def test_a_bias_that_there_is_must_have_a_gradient(shape):
    with pytest.raises(UsageError) as caught:
        compared(shape, bias="all")
    assert "\n" not in str(caught.value)
    if shape == "none":
        assert "db1: expected an array of numbers: got None, and layer 1 has a bias" in str(
            caught.value
        )


def test_gradients_that_exist_need_no_db():
    y = (X**2).mean(axis=1, keepdims=True)
    grads = [(dw, None) for dw, _ in backwards.batched(PARAMS, X, y)]
    options = {"bias": "none", "implementations": ["numpy_manual"]}
    assert compare_gradients(PARAMS, X, y, gradients={"g": grads}, **options).verdict == "agree"
