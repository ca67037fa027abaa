"""Functions of batches that count a sample alone otherwise, by an n that is not 1 there."""

import numpy as np
import pytest

from compare import CallStyle, Detail, compare_gradients
from jaxmlp import init_params

RATE, N = 0.6, 4
PARAMS = init_params(np.random.default_rng(0), (3, 1), dtype=np.float64)
X = np.random.default_rng(1).normal(0, 3, (N, 3))


def linear(params, x, y, *, n=None, rate=0.0, factor=1.0):
    [(w, b)] = params
    delta = factor * (x @ w + b - y)
    m = n or len(x)
    return [(x.T @ delta / m + rate / m * w, delta.sum(axis=0) / m)]


def hinge(params, x, y):
    [(w, b)] = params
    delta = np.where(y * (x @ w + b) < 1, -y, 0)
    return [(x.T @ delta / len(x) + RATE / len(x) * w, delta.mean(axis=0))]


def compared(function, y=None, *, loss="half_squared", **options):
    return compare_gradients(
        PARAMS,
        X,
        y,
        loss=loss,
        candidates={"mine": function},
        reduction="mean",
        implementations=["numpy_manual", "torch_autograd"],
        detail=Detail(witness=0),
        **options,
    )


def far_from_the_margin():
    """Labels by which the first sample has no loss, and others have."""
    [(w, b)] = PARAMS
    yhat = X @ w + b
    assert np.abs(yhat[0]) > 1
    return np.sign(yhat) * np.where(np.arange(N)[:, None] == 0, 1, -1)


# what is counted otherwise -> (function, options)
RIGHT = {
    "lambda / n": (lambda *a: linear(*a, rate=RATE), {"l2": RATE / N}),
    "lambda / n of half the data": (
        lambda *a: linear(*a, rate=RATE),
        {"l2": RATE / 2, "call_style": CallStyle(batch_size=2)},
    ),
    "lambda / n where a sample has no loss": (
        hinge,
        {"l2": RATE / N, "loss": "hinge", "y": far_from_the_margin()},
    ),
    "1 / n of all data": (lambda *a: linear(*a, n=N), {}),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_for_a_batch_agrees(case):
    function, options = RIGHT[case]
    found = compared(function, **options)
    assert found.verdict == "agree", found.reason
    assert not found.batches.checks["mine"].own_samples


# what is wrong beside it -> (function, options, what is said)
WRONG = {
    "the number of all data in a batch of half": (
        lambda *a: linear(*a, n=N),
        {"call_style": CallStyle(batch_size=2)},
        "the gradient of mine is 0.25 times what the chain rule gives, as by a mean over 4",
    ),
    "another lambda": (
        lambda *a: linear(*a, rate=RATE),
        {"l2": RATE},
        "the gradient of mine is right but for the L2 term, which is divided by the number of",
    ),
    "a lambda that is not divided": (
        lambda params, x, y: linear(params, x, y, rate=RATE * len(x)),
        {"l2": RATE / N},
        "the gradient of mine is right but for the L2 term, which is multiplied by the number of",
    ),
    "everything twice": (
        lambda *a: linear(*a, factor=2.0),
        {},
        "the gradient of mine is twice what the chain rule gives",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_still_told(case):
    function, options, said = WRONG[case]
    found = compared(function, **options)
    assert found.verdict == "disagree"
    assert found.reason.startswith(said), found.reason
