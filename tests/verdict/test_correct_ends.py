"""Correct programs of every kind of output and loss, in the forms that people write, agree."""

import numpy as np
import pytest

from compare import compare_gradients


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_tanh(z):
    return (1 + np.tanh(z / 2)) / 2


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


def steep(z):
    e = np.exp(-z)
    return e / ((1 + e) * (1 + e))


def pulled(p, g):
    return (np.diag(p) - np.outer(p, p)) @ g


# (output, loss) -> forms of dL/dz
FORMS = {
    ("softmax", "cross_entropy"): [
        lambda z, y: softmax(z) - y,
        lambda z, y: pulled(softmax(z), -y / softmax(z)),
        lambda z, y: np.exp(z - np.log(np.exp(z).sum())) * y.sum() - y,
    ],
    ("sigmoid", "binary_cross_entropy"): [
        lambda z, y: sigmoid(z) - y,
        lambda z, y: (-(y / sigmoid(z)) + (1 - y) / (1 - sigmoid(z))) * steep(z),
        lambda z, y: by_tanh(z) - y,
        lambda z, y: -y * (1 - by_tanh(z)) + (1 - y) * by_tanh(z),
        lambda z, y: (z > 0) - y - np.sign(z) * np.exp(-abs(z)) / (1 + np.exp(-abs(z))),
    ],
    ("sigmoid", "squared"): [
        lambda z, y: 2 * (by_tanh(z) - y) * by_tanh(z) * (1 - by_tanh(z)),
        lambda z, y: 2 * (sigmoid(z) - y) * steep(z),
    ],
    ("tanh", "mean_squared"): [
        lambda z, y: 2 / len(z) * (np.tanh(z) - y) / np.cosh(z) ** 2,
        lambda z, y: (2 / (1 + np.exp(-2 * z)) - 1 - y) * (1 - np.tanh(z) ** 2) * 2 / len(z),
    ],
    ("softmax", "half_squared"): [lambda z, y: pulled(softmax(z), softmax(z) - y)],
    ("linear", "huber"): [lambda z, y: np.where(abs(z - y) < 1, z - y, np.sign(z - y))],
}


def candidate(delta_of, l2):
    def mine(params, x, y):
        (v, a), (w, b) = params
        h = sigmoid(x @ v + a)
        delta = delta_of(h @ w + b, y).astype(x.dtype)
        below = (w @ delta) * h * (1 - h)
        return [(np.outer(x, below) + l2 * v, below), (np.outer(h, delta) + l2 * w, delta)]

    return mine


@pytest.mark.parametrize("scale", [1, 6])
@pytest.mark.parametrize("end", FORMS, ids="-".join)
def test_correct_programs_agree(end, scale):
    rng = np.random.default_rng(0)
    params = [
        (rng.normal(size=(3, 5)).astype(np.float32), rng.normal(size=5).astype(np.float32)),
        (
            (scale * rng.normal(size=(5, 3))).astype(np.float32),
            rng.normal(size=3).astype(np.float32),
        ),
    ]
    l2 = np.float32(0.01)
    forms = {f"form {i}": candidate(form, l2) for i, form in enumerate(FORMS[end])}
    report = compare_gradients(
        params,
        rng.normal(size=(20, 3)).astype(np.float32),
        output=end[0],
        loss=end[1],
        l2=float(l2),
        implementations=["jax_manual"],
        candidates=forms,
    )
    assert report.verdict == "agree", report.reason


def classify(delta_of, end, last_bias, samples=4):
    """Compares a program of 3-5-k tanh, with all of x 0 in the first sample and no first bias."""
    k = 1 if end[0] == "sigmoid" else 4
    rng = np.random.default_rng(0)
    layers = [
        (rng.normal(size=(3, 5)).astype(np.float32), np.zeros(5, np.float32)),
        (rng.normal(size=(5, k)).astype(np.float32), np.full(k, last_bias, np.float32)),
    ]
    x = rng.normal(size=(samples, 3)).astype(np.float32)
    x[0] = 0

    def mine(params, x, y):
        (v, a), (w, b) = params
        h = np.tanh(x @ v + a)
        delta = np.asarray(delta_of(h @ w + b, y), x.dtype)
        below = (w @ delta) * (1 - h * h)
        return [(np.outer(x, below), below), (np.outer(h, delta), delta)]

    return compare_gradients(
        layers,
        x,
        activation="tanh",
        output=end[0],
        loss=end[1],
        implementations=["numpy_manual"],
        candidates={"mine": mine},
    )


@pytest.mark.parametrize(("step", "sign"), [(0, 0), (0.5, 0), (1, 0), (0, -1), (1, 1)])
def test_pieces_of_a_binary_cross_entropy_may_take_any_slope_at_0(step, sign):
    """max(z, 0) - z y + log(1 + exp(-|z|)), by what a program has for the slopes at 0."""

    def delta(z, y):
        steps, signs = np.where(z == 0, step, z > 0), np.where(z == 0, sign, np.sign(z))
        return steps - y - signs * np.exp(-abs(z)) / (1 + np.exp(-abs(z)))

    report = classify(delta, ("sigmoid", "binary_cross_entropy"), 0)
    assert report.verdict == "agree", report.reason


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("last_bias", [-95, -103, -120])
def test_a_softmax_that_underflows_is_not_called_wrong(last_bias):
    report = classify(lambda z, y: softmax(z) - y, ("softmax", "cross_entropy"), last_bias)
    assert report.verdict == "undecided", report.reason
