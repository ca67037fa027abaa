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
