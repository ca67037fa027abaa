"""A baseline of a comparison in Python."""

import shlex

import numpy as np
import pytest

from compare import CallStyle, Detail, UsageError, compare_gradients, run
from compare.testing import assert_gradients_agree

RNG = np.random.default_rng(0)
LAYERS = [(RNG.random((n, m), np.float32), RNG.random(m, np.float32)) for n, m in ((2, 4), (4, 3))]
X = RNG.random((5, 2), np.float32)


def backward(params, x, y, factor=2):
    (w1, b1), (w2, b2) = params
    h = np.tanh(x @ w1 + b1)
    delta2 = np.float32(factor) * (h @ w2 + b2 - y)
    delta1 = (w2 @ delta2) * (1 - h * h)
    return [(np.outer(x, delta1), delta1), (np.outer(h, delta2), delta2)]


def wrong(params, x, y):
    return backward(params, x, y, factor=1)


def compared(detail, function=backward, layers=LAYERS, **options):
    candidates = {"mine": function}
    return compare_gradients(
        layers, X, activation="tanh", candidates=candidates, detail=detail, **options
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "baseline.npz"
    assert compared(Detail(save_baseline=path)).change is None
    return path


def test_held_against_itself_nothing_has_moved(saved):
    change = compared(Detail(baseline=saved)).change
    assert {one.implementation: one.moved for one in change.drifts} == dict.fromkeys(
        ("jax_grad", "jax_manual", "torch_autograd", "mine"), 0
    )
    assert (change.versions, change.settings) == ({}, {})


def test_the_report_says_in_one_sentence_what_may_have_changed_bits(saved):
    report = compared(Detail(baseline=str(saved)), call_style=CallStyle(arrays="jax"))
    sentence = f"Since the baseline {saved}: the same versions; candidate_arrays none -> jax"
    assert sentence in " ".join(str(report).split())


def test_what_is_lost_since_then_can_be_computed_again(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(saved.parent)
    options = {"activation": "tanh", "candidates": {"mine": wrong}, "save": tmp_path / "there"}
    with pytest.raises(AssertionError) as caught:
        assert_gradients_agree(LAYERS, X, detail=Detail(baseline="baseline.npz"), **options)
    change, command = map(shlex.split, str(caught.value).splitlines()[-2:])
    monkeypatch.chdir(change[1])
    assert run.main(command[2:]) == 2


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"baseline": 3}, r"detail\.baseline: expected the path of a file, got 3"),
        ({"save_baseline": "a\0b"}, r"detail\.save_baseline: expected the path of a file, got "),
        (
            {"baseline": "none.npz"},
            r"detail\.baseline none\.npz: there is no such file; detail=Detail",
        ),
        (
            {"save_baseline": "theirs.npz"},
            r"detail\.save_baseline theirs\.npz: it was not written by",
        ),
    ],
)
def test_what_is_no_file_is_told(tmp_path, monkeypatch, detail, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "theirs.npz").write_text("of somebody else")
    with pytest.raises(UsageError, match=f"^{said}"):
        compared(Detail(**detail))
    assert [one.name for one in tmp_path.iterdir()] == ["theirs.npz"]


def test_a_baseline_of_other_weights_is_refused(saved):
    other = [(w + 1, b) for w, b in LAYERS]
    said = (
        r"^detail\.baseline .*: it was made with other weights; pass the same params, or draw\.init"
    )
    with pytest.raises(UsageError, match=said):
        compared(Detail(baseline=saved), layers=other)
