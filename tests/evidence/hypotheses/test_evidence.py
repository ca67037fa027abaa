"""How much a name has to explain before it is told, in small and in coarse arithmetic."""

import itertools

import ml_dtypes
import numpy as np

from compare import compare_gradients

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def logistic(z):
    return 1 / (1 + np.exp(-z))


def backprop(*, of_x=lambda x: x, h1=np.tanh, slope=lambda h: 1 - h * h, delta2=lambda d: 2 * d):
    """Returns a backprop of n-n-n tanh with one step of another kind, computed in float32."""

    def mine(params, x, y):
        (w1, b1), (w2, b2) = [(np.float32(w), np.float32(b)) for w, b in params]
        x = of_x(np.float32(x))
        h = h1(x @ w1 + b1)
        d2 = delta2(h @ w2 + b2 - np.float32(y))
        d1 = (w2 @ d2) * slope(h)
        grads = [(np.outer(x, d1), d1), (np.outer(h, d2), d2)]
        return [tuple(leaf.astype(params[0][0].dtype) for leaf in layer) for layer in grads]

    return mine


def causes(mine, sizes, dtype, samples=6):
    rng = np.random.default_rng(1)
    pairs = list(itertools.pairwise(sizes))
    params = [
        ((rng.normal(size=pair) / np.sqrt(pair[0])).astype(dtype), rng.normal(size=pair[1]))
        for pair in pairs
    ]
    params = [(w, b.astype(dtype)) for w, b in params]
    x = rng.random((samples, sizes[0])).astype(dtype)
    report = compare_gradients(
        params,
        x,
        rng.normal(size=(samples, sizes[-1])).astype(dtype),
        activation="tanh",
        implementations=["numpy_manual"],
        candidates={"mine": mine},
    )
    assert report.verdict == "disagree"
    found = report.implementations[-1].explanation
    return [(*cause.quantities, cause.said) for cause in found.causes]


def leaky(z):
    return np.where(z > 0, z, np.float32(0.15) * z)


def gradient_of_leaky(h):
    return np.where(h > 0, np.float32(1), np.float32(0.15))


def test_in_bfloat16_no_neighbour_of_a_mistake_is_named():
    mine = backprop(h1=leaky, slope=gradient_of_leaky)  # nearly gelu, silu, and leaky relu by 0.1
    assert causes(mine, (40, 40, 40), BFLOAT16) == []


def test_in_bfloat16_a_mistake_is_named():
    said = "sigmoid of z1; the network has tanh, in the forward pass alone"
    assert causes(backprop(h1=logistic), (40, 40, 40), BFLOAT16) == [("h1", said)]


def test_two_numbers_are_no_line():
    assert causes(backprop(of_x=lambda x: x * x), (1, 5, 1), np.float32, samples=2) == []


def test_a_third_is_a_mean_over_three_samples_or_three_outputs():
    mine = backprop(delta2=lambda d: 2 * d / np.float32(3))
    ((quantity, said),) = causes(mine, (4, 5, 3), np.float32, samples=3)
    assert quantity == "the gradient"
    assert "as by a mean over 3 samples or by a mean over the 3 outputs: right for" in said
    assert said.endswith("--loss=mean_squared")


def test_no_sum_over_samples_is_told_of_one_sample():
    mine = backprop(slope=lambda h: 1 - h * h + np.float32(0.5))
    assert causes(mine, (3, 16, 1), BFLOAT16, samples=1) == []
