"""Networks whose hidden layers have different activations."""

import numpy as np
import pytest

from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.making import make_case
from compare.evidence.witness import complex_step
from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.network import Network
from jaxmlp import ACTIVATIONS, Batch, forward, init_params
from tests.support.networks import alone
from torch_ref import MLP

NETWORK = Network((2, 5, 4, 3, 1), ("tanh", "relu", "gelu"))


def problem(dtype=np.float64):
    rng = np.random.default_rng(0)
    params = init_params(rng, NETWORK.layer_sizes, init="normal", dtype=dtype)
    return params, Batch(rng.random((6, 2)).astype(dtype), rng.random((6, 1)).astype(dtype))


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_gradients_are_the_witness_and_certified(name):
    params, batch = problem()
    grads = IMPLEMENTATIONS[name](params, NETWORK, "cpu").evaluate(alone(batch)).grads
    assert certify(name, make_case(NETWORK, params, *batch, grads)).certified == 6
    truth = complex_step(params, batch.x[2], batch.y[2], network=NETWORK)
    for layer, right in zip(grads, truth, strict=True):
        for found, expected in zip(layer, right, strict=True):
            assert np.abs(found[2] - expected).max() <= 1e-13 * np.abs(expected).max()


def test_another_order_is_another_network():
    params, batch = problem(np.float32)
    grads = IMPLEMENTATIONS["jax_manual"](params, NETWORK, "cpu").evaluate(alone(batch)).grads
    other = Network(NETWORK.layer_sizes, ("relu", "tanh", "gelu"))
    assert certify("mine", make_case(other, params, *batch, grads)).failed == 6


def test_another_number_of_them_is_refused():
    params, batch = problem(np.float32)
    said = "one for all or one for each of 3 hidden layers, got 2"
    with pytest.raises(ValueError, match=said):
        forward(params, batch.x[0], activation=(ACTIVATIONS["tanh"], ACTIVATIONS["relu"]))
    with pytest.raises(ValueError, match=said):
        MLP(NETWORK.layer_sizes, activation=("tanh", "relu"))
    with pytest.raises(ValueError, match="expected 3 names"):
        Network(NETWORK.layer_sizes, ("tanh", "relu"))


@pytest.mark.parametrize("names", ["relu", ("tanh", "relu", "gelu")])
def test_names_are_no_activations(names):
    params, batch = problem(np.float32)
    with pytest.raises(TypeError, match=r"activation: expected one of jaxmlp\.ACTIVATIONS, .*relu"):
        forward(params, batch.x[0], activation=names)
