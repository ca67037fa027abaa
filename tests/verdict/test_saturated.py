"""Programs whose outputs or units are saturated: a right one is not accused, a wrong zero is."""

import numpy as np
import pytest
import torch
from torch import nn

from compare import Detail, compare_gradients

RNG = np.random.default_rng(0)
HIDDEN = (
    RNG.normal(size=(3, 5)).astype(np.float32),
    RNG.normal(size=5).astype(np.float32),
)
X = RNG.normal(size=(6, 3)).astype(np.float32)
ENDS = {
    "binary_cross_entropy": ("sigmoid", RNG.integers(0, 2, (6, 1)).astype(np.float32)),
    "cross_entropy": ("softmax", np.eye(3, dtype=np.float32)[RNG.integers(0, 3, 6)]),
    "squared": ("tanh", RNG.random((6, 1)).astype(np.float32)),
}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_tanh(z):
    return (1 + np.tanh(z / 2)) / 2


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


def by_exponentials(z):
    return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)


def odds(z, y, least=0.0):
    p = sigmoid(z)
    return (p - y) / np.maximum(p * (1 - p), np.float32(least)) * (p * (1 - p))


def compared(loss, delta_of, scale, *, own=("torch_autograd",)):
    """Compares a function of one hidden layer of tanh, whose last weights are large."""
    output, y = ENDS[loss]
    w = scale * np.random.default_rng(1).normal(size=(5, y.shape[1])).astype(np.float32)

    def mine(params, x, y):
        (v, a), (w, b) = params
        h = np.tanh(x @ v + a)
        with np.errstate(all="ignore"):
            delta = delta_of(h @ w + b, y)
        below = (w @ delta) * (1 - h * h)
        return [(np.outer(x, below), below), (np.outer(h, delta), delta)]

    layers = [HIDDEN, (w, np.zeros(y.shape[1], np.float32))]
    ends = {"activation": "tanh", "output": output, "loss": loss}
    return compare_gradients(
        layers, X, y, **ends, candidates=[mine], implementations=own, detail=Detail(witness=0)
    )


@pytest.mark.parametrize(
    "form",
    [
        lambda z, y: by_tanh(z) - y,
        lambda z, y: (1 - y) - sigmoid(-z),
        lambda z, y: -y * sigmoid(-z) + (1 - y) * sigmoid(z),
    ],
    ids=["tanh", "from 1", "two terms"],
)
def test_logistic_outputs_that_lose_digits_agree(form):
    report = compared("binary_cross_entropy", form, 10, own=("numpy_manual", "torch_autograd"))
    assert report.verdict == "agree", report.reason


@pytest.mark.parametrize(
    ("loss", "form", "scale"),
    [
        ("binary_cross_entropy", odds, 40),
        ("cross_entropy", lambda z, y: softmax(z) - y, 100),
        ("squared", lambda z, y: 2 * (by_exponentials(z) - y) / np.cosh(z) ** 2, 100),
    ],
)
def test_a_textbook_formula_that_overflows_is_undecided(loss, form, scale):
    report = compared(loss, form, scale)
    assert report.verdict == "undecided"
    assert "or 0 / 0 may be why, and a wider dtype, smaller weights or a" in report.reason


def test_such_a_formula_is_undecided_of_a_batch_alone():
    def mine(params, x, y):
        ((w, b),) = params
        assert len(x) > 1, "it takes batches alone"
        with np.errstate(all="ignore"):
            delta = 2 * (by_exponentials(x @ w + b) - y)
        return [(x.T @ delta, delta.sum(axis=0))]

    layers, y = [(np.ones((3, 1), np.float32), np.zeros(1, np.float32))], ENDS["squared"][1]
    x = np.concatenate([X[:-1], np.full((1, 3), 20, np.float32)])
    options = {"output": "tanh", "implementations": ("jax_manual", "torch_autograd")}
    options |= {"reduction": "sum", "candidates": [mine], "detail": Detail(witness=0)}
    report = compare_gradients(layers, x, y, **options)
    assert report.verdict == "undecided", report.reason
    assert "nothing can be said of" in report.reason


def test_where_nothing_is_large_a_nan_is_wrong():
    report = compared("squared", lambda z, y: (z - y) * np.float32(np.nan), 1)
    assert report.verdict == "disagree"


def test_a_slope_that_an_epsilon_takes_away_is_wrong():
    report = compared("binary_cross_entropy", lambda z, y: odds(z, y, 1e-12), 40)
    assert report.verdict == "disagree"
    assert "is 0 where sigmoid(z) - y is" in report.reason


class ByHand(nn.Module):
    """Two layers of an activation that is written out."""

    def __init__(self, phi):
        super().__init__()
        torch.manual_seed(0)
        self.phi, self.first, self.last = phi, nn.Linear(3, 5), nn.Linear(5, 1)
        with torch.no_grad():
            self.first.weight.mul_(20)

    def forward(self, x):
        return self.last(self.phi(self.first(x)))


@pytest.mark.parametrize(
    "phi",
    [
        lambda z: torch.log(1 + z.exp()),
        lambda z: torch.where(z > 0, z, torch.expm1(z)),
    ],
    ids=["softplus", "elu"],
)
def test_a_module_of_textbook_formulas_agrees(phi):
    report = compare_gradients(
        ByHand(phi), X, implementations=("torch_autograd",), detail=Detail(witness=0)
    )
    assert report.verdict == "agree", report.reason


def test_a_module_of_logits_agrees():
    """torch.func takes 1 - y - sigmoid(-z) for the slope of BCEWithLogitsLoss."""

    class Classifier(ByHand):
        def forward(self, x, y):
            return nn.BCEWithLogitsLoss()(super().forward(x), y)

    y = ENDS["binary_cross_entropy"][1]
    module = Classifier(torch.tanh)
    with torch.no_grad():
        module.last.weight.mul_(10)
    report = compare_gradients(
        module, X, y, implementations=("torch_autograd",), detail=Detail(witness=0)
    )
    assert report.verdict == "agree", report.reason
