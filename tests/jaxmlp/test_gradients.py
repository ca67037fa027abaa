"""The implementations against each other, where rounding is far below any mistake."""

import jax
import mpmath
import numpy as np
import pytest
import torch

import jaxmlp
from compare.implementations.table import IMPLEMENTATIONS
from jaxmlp import ACTIVATIONS, Batch, autodiff, backprop
from tests.support.cases import network_of
from tests.support.networks import MIXED, NETWORKS, alone, make_network
from torch_ref import MLP, are_narrow, convert, loop_gradients, per_sample_gradients


def worst_scaled_error(a, b):
    """Of prediction, loss and every parameter: max |a - b| / max |a|."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return max(np.abs(p - q).max() / max(np.abs(p).max(), 1e-300) for p, q in pairs)


def assert_all_agree_in_float64(params, batch, activation):
    found = {
        name: build(params, network_of(params, activation), "cpu").evaluate(alone(batch))
        for name, build in IMPLEMENTATIONS.items()
    }
    one, *others = [(a.prediction, a.loss, a.grads) for a in found.values()]
    assert {a.dtype for a in found.values()} == {np.dtype(np.float64)}
    for other in others:
        assert worst_scaled_error(one, other) < 1e-12


@pytest.mark.parametrize("network", NETWORKS)
def test_all_agree_in_float64(network):
    assert_all_agree_in_float64(*make_network(network), "tanh")


@pytest.mark.parametrize("activations", MIXED)
def test_all_agree_in_float64_whatever_the_activations(activations):
    """In networks so wide, and of weights so large, that z is on all sides of every kink."""
    rng = np.random.default_rng(0)
    sizes = (3, *(8,) * len(activations), 2)
    params = jaxmlp.init_params(rng, sizes, init="normal", dtype=np.float64)
    batch = Batch(*(rng.normal(size=(30, n)) for n in (3, 2)))
    assert_all_agree_in_float64(params, batch, ",".join(activations))


@pytest.mark.parametrize("network", NETWORKS)
def test_torch_in_one_backward_equals_the_loop(network):
    params, batch = make_network(network)
    model = MLP(NETWORKS[network][0], activation="tanh", dtype=torch.float64)
    convert.load_params(model, params)
    x, y = torch.tensor(batch.x), torch.tensor(batch.y)
    at_once = per_sample_gradients(model, x, y)
    prediction, loss, grads = loop_gradients(model, x, y)
    torch.testing.assert_close(at_once.prediction, prediction, rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(at_once.loss, loss, rtol=1e-13, atol=1e-15)
    for ours, reference in zip(at_once.grads, grads, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("end", [("linear", "squared"), ("softmax", "cross_entropy")])
@pytest.mark.parametrize(("width", "is_narrow"), [(1, True), (16, True), (17, False)])
def test_narrow_or_wide_torch_equals_the_loop(width, is_narrow, end):
    model = MLP((3, width, 2, width, 2), activation="gelu", dtype=torch.float64)
    assert are_narrow(*model.parameters()) is is_narrow
    rng = torch.Generator().manual_seed(width)
    x, y = (torch.rand(5, n, generator=rng, dtype=torch.float64) for n in (3, 2))
    options = {"output": end[0], "loss": end[1], "l2": 0.5}
    at_once = per_sample_gradients(model, x, y, **options)
    prediction, loss, grads = loop_gradients(model, x, y, **options)
    torch.testing.assert_close(at_once.prediction, prediction, rtol=1e-14, atol=1e-15)
    torch.testing.assert_close(at_once.loss, loss, rtol=1e-13, atol=1e-15)
    for ours, reference in zip(at_once.grads, grads, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-12, atol=1e-15)
    _, *acts = at_once.acts
    for z, h in zip(at_once.preacts, acts, strict=False):
        assert torch.equal(model.activations[0](z), h)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_products_in_low_precision_are_those_of_matrices(dtype):
    assert not are_narrow(torch.zeros(2, 2, dtype=dtype))


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_the_mean_gradient_is_the_gradient_of_the_mean(name):
    params, batch = make_network("several_outputs")
    evaluation = IMPLEMENTATIONS[name](params, network_of(params, "gelu"), "cpu").evaluate(
        alone(batch)
    )

    def mean_loss(params):
        def one(x, y):
            return jaxmlp.loss(params, x, y, activation=ACTIVATIONS["gelu"])

        return jax.vmap(one)(*batch).mean()

    with jax.enable_x64(True):
        of_mean = jax.grad(mean_loss)(params)
    mean = jax.tree.map(lambda g: g.mean(axis=0), evaluation.grads)
    assert worst_scaled_error(jax.tree.map(np.asarray, of_mean), mean) < 1e-13


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_a_weight_gradient_is_the_outer_product_of_activation_and_bias_gradient(name):
    params, batch = make_network("depth_12")
    implementation = IMPLEMENTATIONS[name](params, network_of(params, "silu"), "cpu")
    grads = implementation.evaluate(alone(batch)).grads
    acts = implementation.intermediates(alone(batch)).acts
    for (dw, db), h in zip(grads, acts, strict=True):
        np.testing.assert_allclose(dw, h[:, :, None] * db[:, None, :], rtol=1e-13, atol=1e-18)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_gradients_equal_50_digit_differences(name):
    """Central differences in 50 digits: no chain rule, and no rounding that matters."""
    params, batch = make_network("normal_weights", samples=1)
    x, y = batch.x[0], batch.y[0]
    evaluation = IMPLEMENTATIONS[name](params, network_of(params, "tanh"), "cpu").evaluate(
        alone(batch)
    )
    with mpmath.workdps(50):
        step = mpmath.mpf(10) ** -16
        wide = [[np.vectorize(mpmath.mpf)(leaf) for leaf in layer] for layer in params]

        def loss():
            h = [mpmath.mpf(v) for v in x]
            for i, (w, b) in enumerate(wide):
                z = [mpmath.fdot(h, w[:, j]) + b[j] for j in range(len(b))]
                h = z if i == len(wide) - 1 else [mpmath.tanh(v) for v in z]
            return sum((p - mpmath.mpf(q)) ** 2 for p, q in zip(h, y, strict=True))

        for layer, (dw, db) in zip(wide, evaluation.grads, strict=True):
            for leaf, gradient in zip(layer, (dw[0], db[0]), strict=True):
                for place in [(0,) * leaf.ndim, tuple(n - 1 for n in leaf.shape)]:
                    centre = leaf[place]
                    leaf[place] = centre + step
                    above = loss()
                    leaf[place] = centre - step
                    slope = (above - loss()) / (2 * step)
                    leaf[place] = centre
                    assert abs(float(slope) - gradient[place]) <= 1e-13 * np.abs(gradient).max()


def test_manual_backward_uses_no_autodiff(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("autodiff was used")

    for name in ("grad", "vjp", "jvp", "linearize", "value_and_grad", "jacrev", "jacfwd"):
        monkeypatch.setattr(jax, name, refuse)
    params, batch = make_network("the_usual_one", np.float32)
    backprop.per_sample_gradients(params, batch, activation=ACTIVATIONS["softplus"])
    with pytest.raises(AssertionError, match="autodiff"):
        autodiff.per_sample_gradients(params, batch, activation=ACTIVATIONS["softplus"])


@pytest.mark.parametrize("module", [autodiff, backprop])
def test_jax_paths_compose_with_jit_and_keep_float32(module):
    params, batch = make_network("the_usual_one", np.float32)
    jitted = jax.jit(module.per_sample_gradients, static_argnames="activation")
    evaluation = jitted(params, batch, activation=ACTIVATIONS["relu"])
    assert {leaf.dtype.name for leaf in jax.tree.leaves(evaluation)} == {"float32"}
    assert evaluation.grads[1].w.shape == (6, 10, 10)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_zero_input_zero_bias_is_exactly_zero_below_a_dead_relu(name):
    params = tuple(
        jaxmlp.Layer(np.ones((n, m), np.float32), np.zeros(m, np.float32))
        for n, m in [(2, 3), (3, 1)]
    )
    batch = Batch(np.zeros((1, 2), np.float32), np.ones((1, 1), np.float32))
    grads = (
        IMPLEMENTATIONS[name](params, network_of(params, "relu"), "cpu")
        .evaluate(alone(batch))
        .grads
    )
    assert not grads[0].w.any()
    assert not grads[0].b.any()
    assert grads[1].b[0, 0] == -2
