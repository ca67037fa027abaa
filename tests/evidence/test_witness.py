import mpmath
import numpy as np
import pytest

from compare.evidence.witness import complex_step, witness_errors
from compare.implementations.numpy_backprop import one_sample
from tests.evidence.certificate.test_activations import MP_PHI
from tests.support.cases import network_of
from tests.support.networks import ALL_ACTIVATIONS, NETWORKS, make_network


def by_hand(params, x, y, activation):
    activations = network_of(params, activation).activations
    return one_sample(params, x, y, activations=activations)


def named(grads, layout="in_out"):
    arrays = {}
    for i, (w, b) in enumerate(grads, start=1):
        arrays[f"w{i}"], arrays[f"b{i}"] = (w if layout == "in_out" else w.T), b
    return arrays


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_equals_a_backward_by_hand(network, activation):
    params, batch = make_network(network, samples=2)
    x, y = batch.x[1], batch.y[1]
    found = complex_step(params, x, y, network=network_of(params, activation))
    right = by_hand(params, x, y, activation).grads
    for layer, expected in zip(found, right, strict=True):
        for a, b in zip(layer, expected, strict=True):
            assert a.dtype == np.float64
            assert a.shape == b.shape
            assert np.abs(a - b).max() <= 1e-13 * np.abs(b).max()


def mp_loss(params, x, y, activation):
    h = [mpmath.mpf(float(v)) for v in x]
    for i, (w, b) in enumerate(params):
        if i:
            h = [MP_PHI[activation](v) for v in h]
        columns = range(w.shape[1])
        h = [mpmath.fsum(h[r] * w[r][j] for r in range(w.shape[0])) + b[j] for j in columns]
    return mpmath.fsum((v - mpmath.mpf(float(t))) ** 2 for v, t in zip(h, y, strict=True))


def mp_gradient(params, x, y, activation):
    """Central differences with 50 digits."""
    step = mpmath.mpf(10) ** -17
    wide = [[np.vectorize(mpmath.mpf, [object])(leaf) for leaf in layer] for layer in params]
    grads = []
    for layer in wide:
        made = []
        for leaf in layer:
            out = np.zeros(leaf.shape)
            for index in np.ndindex(leaf.shape):
                held = leaf[index]
                leaf[index] = held + step
                above = mp_loss(wide, x, y, activation)
                leaf[index] = held - step
                below = mp_loss(wide, x, y, activation)
                leaf[index] = held
                out[index] = float((above - below) / (2 * step))
            made.append(out)
        grads.append(tuple(made))
    return grads


def assert_right_by_entry(params, x, y, activation):
    found = complex_step(params, x, y, network=network_of(params, activation))
    with mpmath.workdps(50):
        right = mp_gradient(params, x, y, activation)
    for layer, expected in zip(found, right, strict=True):
        for a, b in zip(layer, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=0)


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_equals_differences_with_50_digits(activation):
    rng = np.random.default_rng(3)
    params = [
        (rng.standard_normal((a, b)), rng.standard_normal(b)) for a, b in ((2, 3), (3, 2), (2, 1))
    ]
    assert_right_by_entry(params, rng.standard_normal(2), np.array([0.3]), activation)


@pytest.mark.parametrize("z", [-20.0, 20.0])
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_right_by_entry_far_from_zero(activation, z):
    if activation.startswith("gelu"):
        z /= 5
    one = [(np.ones((1, 1)), np.zeros(1))] * 2
    assert_right_by_entry(one, np.array([z]), np.array([0.5]), activation)


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
def test_a_wrong_gradient_is_seen(layout):
    params, batch = make_network("several_outputs")
    x, y = batch.x[0], batch.y[0]
    right = named(by_hand(params, x, y, "tanh").grads, layout)
    wrong = dict(right)
    wrong["w2"] = right["w2"].copy()
    place = np.unravel_index(np.argmax(np.abs(wrong["w2"])), wrong["w2"].shape)
    wrong["w2"][place] *= 1 + 1e-6
    good, bad = witness_errors(
        params,
        x,
        y,
        {"a": right, "b": wrong},
        network=network_of(params, "tanh"),
        layout=layout,
        sample=5,
    )
    assert (good.sample, good.implementation, bad.sample, bad.implementation) == (5, "a", 5, "b")
    assert good.scaled <= 1e-13
    assert bad.parameter == "w2"
    assert bad.scaled == pytest.approx(1e-6, rel=1e-6)


def test_zero_and_what_is_not_finite():
    params, batch = make_network("the_usual_one")
    x, y = batch.x[0], batch.y[0]
    good = named(by_hand(params, x, y, "relu").grads)
    options = {"network": network_of(params, "relu"), "layout": "in_out", "sample": 0}
    bad = good | {"b2": np.full_like(good["b2"], np.nan)}
    assert witness_errors(params, x, y, {"a": bad}, **options)[0][2:] == (None, "b2")
    dead = [(w, b - 100 * (i == 0)) for i, (w, b) in enumerate(params)]  # nothing reaches w1
    zeros = named(by_hand(dead, x, y, "relu").grads)
    assert not zeros["w1"].any()
    assert witness_errors(dead, x, y, {"a": zeros}, **options)[0].scaled <= 1e-13
    spoilt = zeros | {"w1": zeros["w1"] + 1e-30}
    assert witness_errors(dead, x, y, {"a": spoilt}, **options)[0][2:] == (1.0, "w1")


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_infinite_input_has_no_witness(activation, bad):
    params, batch = make_network("the_usual_one")
    x, y = batch.x[0], batch.y[0]
    good = named(by_hand(params, x, y, activation).grads)
    x = np.array([bad, 1.0])
    (found,) = witness_errors(
        params,
        x,
        y,
        {"a": good},
        network=network_of(params, activation),
        layout="in_out",
        sample=0,
    )
    assert found.scaled is None


def test_relu_lets_nan_through():
    w1, w2 = np.array([[1.0], [-1.0]]), np.ones((1, 1))  # inf - inf in the only unit
    one = [(w1, np.zeros(1)), (w2, np.zeros(1))]
    with np.errstate(all="ignore"):
        grads = complex_step(one, np.full(2, np.inf), np.zeros(1), network=network_of(one, "relu"))
    assert not np.isfinite(grads[1][1]).any()
