"""Where an activation has no slope, or nobody can tell which: both are right, and no more."""

import itertools

import numpy as np
import pytest

from compare import compare_gradients
from compare.evidence.certificate.certificate import certify
from compare.implementations.table import IMPLEMENTATIONS
from compare.selftest.backward import backward, forward
from jaxmlp import Batch, Layer
from tests.support.cases import case_of
from tests.support.networks import ALL_ACTIVATIONS

F32 = np.float32
ALL_FOUR = tuple(IMPLEMENTATIONS)


def at_zero(sizes=(3, 5, 4, 2)):
    """Weights as they are drawn, no biases, and nothing but 0 as input: z1 is exactly 0."""
    rng = np.random.default_rng(0)
    layers = tuple(
        Layer(rng.normal(size=(n, m)).astype(F32), np.zeros(m, F32))
        for n, m in itertools.pairwise(sizes)
    )
    return layers, Batch(np.zeros((3, sizes[0]), F32), rng.random((3, sizes[-1])).astype(F32))


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_zero_input_and_zero_bias_agree(activation):
    layers, batch = at_zero()
    report = compare_gradients(layers, *batch, activation=activation, implementations=ALL_FOUR)
    assert report.verdict == "agree"
    for one in report.implementations:
        assert (one.certificate.certified, one.certificate.silent) == (3, 0), one.name


def uncertain(seed=0):
    """A network whose unit 0 of layer 1 has z = 0 but for rounding, in every sample.

    Its bias is minus the product as float32 has it: added up in another order or with fused
    multiply-add, z comes out as a rounding error of either sign. Other units are far from 0.
    """
    rng = np.random.default_rng(seed)
    w1, w2, w3 = (rng.normal(size=shape).astype(F32) for shape in ((8, 4), (4, 4), (4, 2)))
    x = rng.random((1, 8)).astype(F32)
    b1 = rng.choice([-1, 1], 4).astype(F32)
    b1[0] = -np.sum(x[0] * w1[:, 0], dtype=F32)
    b2 = np.full(4, 3, F32)
    layers = Layer(w1, b1), Layer(w2, b2), Layer(w3, np.zeros(2, F32))
    return layers, Batch(x, rng.random((1, 2)).astype(F32))


def with_slope(layers, batch, slope):
    """The gradients of someone who takes this for relu' of unit 0."""
    f = forward(layers, batch, "relu")
    grads = [Layer(w.copy(), b.copy()) for w, b in backward(f)]
    delta1 = (grads[1].b @ layers[1].w.T) * (f.z[0] > 0)
    delta1[:, 0] = slope * (grads[1].b @ layers[1].w.T)[:, 0]
    grads[0] = Layer(batch.x[:, :, None] * delta1[:, None, :], delta1)
    return tuple(grads)


def test_both_slopes_agree_with_each_other_and_are_counted():
    layers, batch = uncertain()
    either = {
        f"slope {slope}": [tuple(layer) for layer in with_slope(layers, batch, slope)]
        for slope in (0, 1)
    }
    report = compare_gradients(layers, *batch, activation="relu", gradients=either)
    assert report.verdict == "agree", report.reason
    for one in report.implementations:
        certificate = one.certificate
        assert (certificate.certified, certificate.at_kink) == (1, 1), one.name


def test_a_slope_between_the_two_is_no_slope():
    layers, batch = uncertain()
    halved = certify("half", case_of(layers, batch, with_slope(layers, batch, 0.5), "relu"))
    assert (halved.certified, halved.failed) == (0, 1)


SPOILT = {
    "b1 of another unit": (0, 1, (0, 2)),
    "w1 of another unit": (0, 0, (0, 3, 2)),
    "w2 into another unit": (1, 0, (0, 2, 1)),
    "b2": (1, 1, (0, 3)),
    "w3": (2, 0, (0, 1, 1)),
}


@pytest.mark.parametrize("slope", [0, 1])
@pytest.mark.parametrize("place", SPOILT)
def test_a_mistake_elsewhere_in_such_a_sample_is_found(place, slope):
    layers, batch = uncertain(seed=2)
    grads = with_slope(layers, batch, slope)
    assert certify("right", case_of(layers, batch, grads, "relu")).at_kink == 1
    layer, kind, index = SPOILT[place]
    assert grads[layer][kind][index] != 0
    grads[layer][kind][index] *= F32(1.01)
    certificate = certify("spoilt", case_of(layers, batch, grads, "relu"))
    assert (certificate.certified, certificate.failed) == (0, 1)


def test_a_wrong_slope_of_another_unit_is_found():
    """b1 and w1 go wrong together, so that no rule but the chain's can see it."""
    layers, batch = uncertain(seed=2)
    grads = with_slope(layers, batch, 1)
    for leaf in grads[0]:
        leaf[..., 2] *= F32(1.01)
    certificate = certify("spoilt", case_of(layers, batch, grads, "relu"))
    assert (certificate.failed, certificate.first_failure.rule) == (1, "chain")
    assert certificate.first_failure.index == (2,)
