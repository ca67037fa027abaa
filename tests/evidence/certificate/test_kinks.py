"""Where an activation has no slope, or nobody can tell which: both are right, and no more."""

import itertools

import numpy as np
import pytest

from compare import compare_gradients
from compare.activation_names import read_activation
from compare.evidence.certificate.activations import activation_row
from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.detectable import detectable_ulp
from compare.implementations.table import IMPLEMENTATIONS
from compare.selftest.backward import backward, forward
from jaxmlp import Batch, Layer
from tests.support.cases import case_of
from tests.support.networks import ALL_ACTIVATIONS, NUMBERED

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


# Every z is 0 up to an activation that is not 0 at 0, which is last. One whose slope may be 0 there
# is first, since nothing comes back to layers below it.
AT_ZERO = [
    "relu,tanh,silu,sigmoid",
    "relu6,gelu,elu,softplus",
    "identity,leaky_relu,mish,hard_sigmoid",
    "gelu_erf,selu,softsign,hard_tanh,hard_swish",
]


@pytest.mark.parametrize("activation", AT_ZERO)
def test_zero_input_and_zero_bias_agree(activation):
    layers, batch = at_zero((3, *(5,) * len(activation.split(",")), 2))
    report = compare_gradients(layers, *batch, activation=activation, implementations=ALL_FOUR)
    assert report.verdict == "agree"
    for one in report.implementations:
        assert (one.certificate.certified, one.certificate.silent) == (3, 0), one.name


def test_every_activation_is_tried_at_zero():
    assert sorted(",".join(AT_ZERO).split(",")) == sorted(ALL_ACTIVATIONS)


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


@pytest.mark.parametrize("slope", [0.001, 0.5, 0.999])
def test_a_slope_between_the_two_is_right(slope):
    layers, batch = uncertain()
    between = certify("between", case_of(layers, batch, with_slope(layers, batch, slope), "relu"))
    assert (between.certified, between.at_kink, between.kink_units) == (1, 1, 1)
    assert between.kink_slope == pytest.approx(slope, abs=2.0**-10)


@pytest.mark.parametrize("slope", [-0.001, 1.001, 1.5])
def test_a_slope_outside_is_a_mistake(slope):
    layers, batch = uncertain()
    outside = certify("outside", case_of(layers, batch, with_slope(layers, batch, slope), "relu"))
    assert (outside.certified, outside.failed) == (0, 1)


def integers():
    """Small integers, which are exact; the input of unit 1 is 0 in samples 0 and 1."""
    w1, b1 = np.array([[1.0, 2, 1], [2, -1, 1]]), np.zeros(3)
    layers = Layer(w1, b1), Layer(np.array([[1.0], [2], [-1]]), np.ones(1))
    return layers, Batch(np.array([[1.0, 2], [2, 4], [1, 1]]), np.full((3, 1), 7.0))


@pytest.mark.parametrize("slope", [0, 0.5, 1])
def test_every_slope_at_exactly_0_agrees_and_is_told(slope):
    layers, batch = integers()
    name = "mine"
    z1 = batch.x @ layers[0].w + layers[0].b
    delta2 = 2 * (np.maximum(z1, 0) @ layers[1].w + layers[1].b - batch.y)
    delta1 = delta2 * layers[1].w.T * np.where(z1 > 0, 1, np.where(z1 < 0, 0, slope))
    grads = [
        (batch.x[:, :, None] * delta1[:, None], delta1),
        (np.maximum(z1, 0)[:, :, None] * delta2[:, None], delta2),
    ]
    report = compare_gradients(layers, *batch, activation="relu", gradients={name: grads})
    assert report.verdict == "agree", report.reason
    assert "in 2 samples the input of a ReLU is 0 within rounding" in report.reason
    told = [warning for warning in report.warnings if "any slope from 0 to 1" in warning]
    if slope == 0:
        assert "every difference is rounding;" in report.reason
        assert not told
    else:
        assert "every difference is rounding or another slope at a kink;" in report.reason
        assert f"0 in jax_grad, jax_manual, torch_autograd; {slope} in mine" in told[0]


@pytest.mark.parametrize("slope", [0.5, 1])
def test_another_slope_in_a_layer_above_a_dead_one_agrees_and_is_told(slope):
    """Without biases z2 is exactly 0 there, by products that are exact in every order."""
    rng = np.random.default_rng(0)
    w1 = -np.ones((2, 3), F32)
    w2, w3 = (rng.uniform(0.5, 1, shape).astype(F32) for shape in ((3, 2), (2, 1)))
    layers = tuple(Layer(w, np.zeros(w.shape[1], F32)) for w in (w1, w2, w3))
    batch = Batch(rng.uniform(0.5, 1, (3, 2)).astype(F32), np.ones((3, 1), F32))
    delta3 = np.full((3, 1), -2, F32)
    delta2 = F32(slope) * delta3 * w3.T
    grads = [
        (np.zeros((3, 2, 3), F32), np.zeros((3, 3), F32)),
        (np.zeros((3, 3, 2), F32), delta2),
        (np.zeros((3, 2, 1), F32), delta3),
    ]
    report = compare_gradients(layers, *batch, activation="relu", gradients={"mine": grads})
    assert report.verdict == "agree", report.reason
    assert f"; {slope} in mine" in report.warnings[0]


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


def test_where_any_slope_is_right_nothing_is_said_to_be_detectable():
    """At x = 0 the gradient of the weights is 0, and says nothing of that of the biases either."""
    layers, batch = at_zero((1, 2, 1))
    batch = batch._replace(x=batch.x[:1], y=batch.y[:1])
    f = forward(layers, batch, "relu")
    grads = [Layer(w.copy(), b.copy()) for w, b in backward(f)]
    grads[0].b[:] = grads[1].b @ layers[1].w.T  # as one who takes 1 for the slope at 0 has it
    known = detectable_ulp(case_of(layers, batch, grads, "relu"))["b1"]
    assert certify("mine", case_of(layers, batch, grads, "relu")).failed == 0
    grads[0].b[0, 0] *= F32(0.9)
    assert certify("mine", case_of(layers, batch, grads, "relu")).failed == 0
    assert known == np.inf


KINKS = [
    pytest.param(name, kink, id=f"{name}-at-{kink.at:g}")
    for name in (*ALL_ACTIVATIONS, *NUMBERED)
    for kink in activation_row(name).kinks
]


def at_the_kink(name, kink, share):
    """One hidden layer; unit 0 is at the kink, and its slope is that share from low to high."""
    rng, row = np.random.default_rng(0), activation_row(name)
    w1, w2 = (rng.normal(size=shape).astype(F32) for shape in ((2, 3), (3, 2)))
    w1[:, 0] = 0
    layers = Layer(w1, np.array([kink.at, 0.3, -0.4], F32)), Layer(w2, np.ones(2, F32))
    x, y = rng.random((4, 2)).astype(F32), rng.random((4, 2)).astype(F32)
    z = x @ w1 + layers[0].b
    h = row.value(np, z.astype(float)).astype(F32)
    delta2 = 2 * (h @ w2 + layers[1].b - y)
    slope = row.slope(np, z.astype(float))
    low, high = sorted((kink.left, kink.right))
    slope[:, 0] = low + share * (high - low)
    delta1 = delta2 @ w2.T * slope.astype(F32)
    grads = [
        (x[:, :, None] * delta1[:, None], delta1),
        (h[:, :, None] * delta2[:, None], delta2),
    ]
    return layers, Batch(x, y), grads


@pytest.mark.parametrize("share", [0, 0.25, 1])
@pytest.mark.parametrize(("name", "kink"), KINKS)
def test_every_slope_between_the_sides_is_right(name, kink, share):
    layers, batch, grads = at_the_kink(name, kink, share)
    found = certify("between", case_of(layers, batch, grads, name))
    assert (found.certified, found.at_kink, found.kink_units) == (4, 4, 4)
    assert found.kink_slope == pytest.approx(share, abs=2.0**-10)
    assert found.kinked == str(read_activation(name))


@pytest.mark.parametrize("share", [-0.01, 1.01])
@pytest.mark.parametrize(("name", "kink"), KINKS)
def test_a_slope_beyond_the_sides_is_a_mistake(name, kink, share):
    layers, batch, grads = at_the_kink(name, kink, share)
    assert certify("beyond", case_of(layers, batch, grads, name)).failed == 4


@pytest.mark.parametrize(("name", "kink"), KINKS)
def test_beside_a_kink_there_is_one_slope(name, kink):
    for away in (-0.125, 0.125):
        found = [
            certify("away", case_of(*at_the_kink(name, beside, share), name))
            for beside in [kink._replace(at=kink.at + away)]
            for share in (0, 1)
        ]
        assert [one.at_kink for one in found] == [0, 0]
        assert 4 in [one.failed for one in found]


def test_the_convention_of_another_activation_is_told():
    name, kink = "hard_tanh", activation_row("hard_tanh").kinks[1]
    layers, batch, low = at_the_kink(name, kink, 0)
    either = {"low": low, "high": at_the_kink(name, kink, 1)[2]}
    options = {"activation": name, "gradients": either, "implementations": ("numpy_manual",)}
    report = compare_gradients(layers, *batch, **options)
    assert report.verdict == "agree", report.reason
    (said,) = (one for one in report.warnings if "convention" in one)
    assert "in 4 samples the input of hard_tanh is where its slope jumps" in said
    assert "0 in numpy_manual, low; 1 in high" in said
