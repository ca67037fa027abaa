"""Layers without a bias: delta comes from dw and h, and the rules stay what they are."""

import numpy as np
import pytest

from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.detectable import detectable_ulp
from compare.evidence.certificate.making import make_case
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.answers import without_missing_biases
from compare.problem.network import Network
from jaxmlp import Batch, init_params
from jaxmlp.base import Layer
from tests.support.networks import alone

ENDS = (("linear", "squared"), ("softmax", "cross_entropy"), ("sigmoid", "half_squared"))
BIASES = {
    "none": (False,) * 3,
    "last_alone": (False, False, True),
    "first_alone": (True, False, False),
}
SIZES = (3, 5, 4, 3)


def made(dtype, end, biases, *, sizes=SIZES, l2=0.0, seed=0, scale=1.5):
    """Returns the network, its weights and samples, and the gradients of torch."""
    rng = np.random.default_rng(seed)
    output, loss = end
    hidden = ("tanh", "softplus", "silu", "relu")[: len(sizes) - 2]
    network = Network(sizes, hidden, loss, output, l2, biases[: len(sizes) - 1])
    drawn = init_params(rng, sizes, dtype=np.float64)
    params = tuple(
        Layer((scale * w).astype(dtype), (scale * b * network.has_bias(i)).astype(dtype))
        for i, (w, b) in enumerate(drawn)
    )
    y = np.eye(sizes[-1])[rng.integers(sizes[-1], size=12)]
    batch = Batch(rng.standard_normal((12, sizes[0])).astype(dtype), y.astype(dtype))
    answer = IMPLEMENTATIONS["torch_autograd"](params, network, "cpu").evaluate(alone(batch))
    return network, params, batch, without_missing_biases(answer, network).grads


def case_of(network, params, batch, grads):
    plain = plain_arithmetic(params[0].w.dtype)
    return make_case(network, params, *batch, grads, arithmetic=plain)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("biases", BIASES.values(), ids=BIASES)
@pytest.mark.parametrize("end", ENDS, ids="-".join)
def test_right_gradients_are_certified(dtype, l2, biases, end):
    certificate = certify("mine", case_of(*made(dtype, end, biases, l2=l2)))
    assert (certificate.certified, certificate.failed) == (12, 0), certificate


@pytest.mark.parametrize("scale", [1e-12, 1e-14, 1e-16])
def test_squares_of_h_may_underflow(scale):
    """h is down to scale^10, some 1e-160: its square has few bits, or none."""
    sizes = (2, *(1,) * 10, 2)
    network = Network(sizes, ("identity",) * 10, biases=(False,) * 11)
    rng = np.random.default_rng(0)
    drawn = init_params(rng, sizes, dtype=np.float64)
    params = tuple(Layer(scale * w, 0 * b) for w, b in drawn)
    batch = Batch(rng.random((5, 2)), rng.random((5, 2)))
    answer = IMPLEMENTATIONS["numpy_manual"](params, network, "cpu").evaluate(alone(batch))
    grads = without_missing_biases(answer, network).grads
    assert certify("mine", case_of(network, params, batch, grads)).failed == 0


def test_what_stands_in_place_of_a_bias_is_not_looked_at():
    network, params, batch, grads = made(np.float32, ENDS[0], BIASES["none"])
    nonsense = tuple(Layer(w, np.full((12, w.shape[-1]), np.float32(7))) for w, _ in grads)
    assert certify("mine", case_of(network, params, batch, nonsense)).certified == 12


@pytest.mark.parametrize("wrong", ["a layer", "a sample", "the sign", "a unit", "transposed"])
@pytest.mark.parametrize("end", ENDS, ids="-".join)
def test_wrong_gradients_are_refuted(wrong, end):
    network, params, batch, grads = made(np.float32, end, BIASES["none"], sizes=(3, 4, 4, 3))
    w = [np.array(layer.w) for layer in grads]
    if wrong == "a layer":
        w[1] *= np.float32(1.001)
    elif wrong == "a sample":
        w[0][3] = w[0][4]
    elif wrong == "the sign":
        w = [-one for one in w]
    elif wrong == "a unit":
        w[1][:, :, 2] = 0
    else:
        w[1] = np.swapaxes(w[1], 1, 2)
    changed = tuple(Layer(one, layer.b) for one, layer in zip(w, grads, strict=True))
    assert certify("mine", case_of(network, params, batch, changed)).failed


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sizes", [SIZES, (1, 4, 1, 3), (2, 1, 3)])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_change_that_is_said_to_be_detected_is(dtype, sizes, l2):
    network, params, batch, grads = made(dtype, ENDS[0], BIASES["none"], sizes=sizes, l2=l2)
    detected = detectable_ulp(case_of(network, params, batch, grads).take(slice(0, 4)))
    assert set(detected) == {f"w{i}" for i in range(1, len(sizes))}
    rng, tried = np.random.default_rng(1), 0
    for i in range(len(sizes) - 1):
        steps = detected[f"w{i + 1}"]
        if not np.isfinite(steps) or steps > 1e5:
            continue
        for _ in range(5):
            w = np.array(grads[i].w)
            at = (int(rng.integers(4)), *(int(rng.integers(n)) for n in w.shape[1:]))
            w[at] *= 1 + (1.05 * steps + 2) * np.finfo(dtype).eps * rng.choice([-1, 1])
            changed = (*grads[:i], Layer(w.astype(dtype), grads[i].b), *grads[i + 1 :])
            assert certify("mine", case_of(network, params, batch, changed)).failed, (i, at, steps)
            tried += 1
    assert tried


@pytest.mark.parametrize("sizes", [(1, 1, 1, 2), (1, 2, 1, 2), (2, 1, 1, 2)], ids=str)
def test_what_delta_loses_by_an_h_of_its_own_is_allowed(sizes):
    """Far from its labels an output hides nothing of delta, and all that h is off stands in it."""
    for seed in range(20):
        network, params, batch, _ = made(
            np.float32, ENDS[0], BIASES["none"], sizes=sizes, seed=seed
        )
        far = Batch(batch.x, 1000 * (1 + batch.y))
        answer = IMPLEMENTATIONS["torch_autograd"](params, network, "cpu").evaluate(alone(far))
        grads = without_missing_biases(answer, network).grads
        assert certify("mine", case_of(network, params, far, grads)).failed == 0
