"""What is told of wrong gradients of a network without biases, where no dL/db tells delta."""

import numpy as np
import pytest

from compare import compare_gradients

SIZES = (4, 4, 4, 4)
RNG = np.random.default_rng(0)
WEIGHTS = [RNG.normal(size=(4, 4)).astype(np.float32) for _ in SIZES[1:]]
X, Y = (RNG.normal(size=(6, 4)).astype(np.float32) for _ in range(2))


def backprop(phi=np.tanh, slope=lambda h: 1 - h * h, change=lambda grads: grads):
    """Returns a backprop of tanh layers in which one thing may be another."""

    def mine(params, x, y):
        weights, h = [w for w, _ in params], [x]
        for w in weights[:-1]:
            h.append(phi(h[-1] @ w))
        delta, grads = 2 * (h[-1] @ weights[-1] - y), []
        for i in range(len(weights) - 1, -1, -1):
            grads.insert(0, np.outer(h[i], delta))
            delta = (weights[i] @ delta) * slope(h[i])
        return change(grads)

    return mine


def one_entry(grads):
    grads[1][1, 2] *= np.float32(1.01)
    return grads


def second_twice(grads):
    return [grads[0], 2 * grads[1], grads[2]]


def reason(candidate):
    report = compare_gradients(
        [(w, np.zeros(4, np.float32)) for w in WEIGHTS],
        X,
        Y,
        activation="tanh",
        bias="none",
        implementations=["numpy_manual"],
        candidates={"mine": candidate},
    )
    return report.verdict, report.reason


# what is wrong -> (backprop, how the sentence begins, what its figures are of)
MISTAKES = {
    "the opposite order": (
        backprop(change=lambda grads: grads[::-1]),
        "the gradient of mine is right if its layers are read in the opposite order;",
        "dL/dw1 implies x[",
    ),
    "dL/dw2 twice": (
        backprop(change=second_twice),
        "dL/dw2 of mine is twice what the chain rule gives;",
        "layer 2: dL/dw2[",
    ),
    "one entry of dL/dw2": (
        backprop(change=one_entry),
        "dL/dw2 of mine is not h1 times delta2, and neither one nor two known mistakes explain it;",
        "layer 2: dL/dw2[1,2] is ",
    ),
    "another activation": (
        backprop(phi=lambda z: np.maximum(z, 0), slope=lambda h: 1.0 * (h > 0)),
        "h1 and h2 of mine are relu of z1 and z2; the network has tanh;",
        "dL/dw2 implies h1[",
    ),
    "no slope": (
        backprop(slope=lambda h: 1),
        "delta2 and delta1 of mine are computed without phi';",
        "delta2[",
    ),
    "the other sign, and no slope": (
        backprop(slope=lambda h: 1, change=lambda grads: [-dw for dw in grads]),
        "the gradient of mine is the negative of what the chain rule gives, as by y - yhat in "
        "place of yhat - y; and delta2 and delta1 of mine are computed without phi';",
        "delta3[",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_it_is_named_and_no_gradient_of_a_bias_is(name):
    candidate, begins, figures = MISTAKES[name]
    verdict, said = reason(candidate)
    assert verdict == "disagree"
    assert said.startswith(begins), said
    assert figures in said
    assert "dL/db" not in said


def test_what_is_right_agrees():
    assert reason(backprop())[0] == "agree"
