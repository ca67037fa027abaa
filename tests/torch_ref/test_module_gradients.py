"""Gradients of a torch module's own forward."""

import pytest
import torch

from tests.support.modules import Net, WrongRelu, between
from tests.support.readable_modules import ACCEPTED
from torch_ref import ACTIVATIONS, MLP, per_sample_gradients
from torch_ref.activations import Activation
from torch_ref.lookup import activation
from torch_ref.module import ModuleError, parameters_of, read_module
from torch_ref.module_gradients import module_gradients

ULPS = {
    torch.float32: 2**-23,
    torch.float64: 2**-52,
    torch.bfloat16: 2**-7,
    torch.float16: 2**-10,
}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


def samples(dtype, n=5):
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(n, k, generator=generator, dtype=dtype) for k in (3, 2))


def assert_near(ours, theirs, dtype, ulps=16):
    """Within a few ulp of the largest number of the tensor."""
    assert ours.dtype == theirs.dtype == dtype
    assert ours.shape == theirs.shape
    assert not ours.requires_grad
    scale = max(float(theirs.abs().max()), 1e-3)
    assert float((ours - theirs).abs().max()) <= ulps * ULPS[dtype] * scale


@pytest.mark.parametrize("dtype", ULPS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_autograd(activation, dtype):
    model = MLP((3, 5, 4, 2), activation=activation, dtype=dtype)
    x, y = samples(dtype)
    found = module_gradients(model, read_module(model), x, y)
    expected = per_sample_gradients(model, x, y)
    assert_near(found.prediction, expected.prediction, dtype)
    assert_near(found.loss, expected.loss, dtype)
    for ours, theirs in zip(found.grads, expected.grads, strict=True):
        assert_near(ours, theirs, dtype)


@pytest.mark.parametrize("make", [make for make, *_ in ACCEPTED.values()], ids=ACCEPTED)
def test_gradients_are_in_the_order_of_the_chain(make):
    module = make()
    chain = read_module(module)
    layers = parameters_of(module, chain)
    phis = [Activation(activation(name)) for name in chain.activations]
    model = MLP(chain.layer_sizes, activation=phis, dtype=layers[0][0].dtype)
    for ours, (weight, bias) in zip(model.layers, layers, strict=True):
        ours.load_state_dict({"weight": weight, "bias": bias})
    x, y = samples(dtype := layers[0][0].dtype)
    found = module_gradients(module, chain, x, y)
    for ours, theirs in zip(found.grads, per_sample_gradients(model, x, y).grads, strict=True):
        assert_near(ours, theirs, dtype)


def test_gradients_are_those_of_the_forward_itself():
    """A wrong backward in the module is seen, which vmap cannot follow."""
    module = between(WrongRelu.apply)
    chain = read_module(module)
    x, y = samples(torch.float32)
    found = module_gradients(module, chain, x, y)
    expected = []
    for x_i, y_i in zip(x, y, strict=True):
        loss = (module(x_i[None])[0] - y_i).square().sum()
        expected.append(torch.autograd.grad(loss, list(module.parameters())))
    for ours, rows in zip(found.grads, zip(*expected, strict=True), strict=True):
        assert_near(ours, torch.stack(rows), torch.float32)
    right = module_gradients(between(torch.relu), chain, x, y)
    assert not torch.allclose(found.grads[0], right.grads[0])


@pytest.mark.parametrize("act", [torch.relu, WrongRelu.apply], ids=["vmap", "loop"])
def test_layer_that_the_forward_cuts_off_has_no_gradient(act):
    def forward(net, x):
        with torch.no_grad():
            h = act(net.a(x))
        return net.c(act(net.b(h)))

    module = Net(forward)
    grads = module_gradients(module, read_module(module), *samples(torch.float32)).grads
    assert not any(bool(g.any()) for g in grads[:2])
    assert all(bool(g.any()) for g in grads[2:])


def test_forward_that_torch_cannot_differentiate():
    def forward(net, x):
        with torch.inference_mode():
            return net.c(net.b(net.a(x)))

    module = Net(forward)
    with pytest.raises(ModuleError, match="cannot differentiate it: "):
        module_gradients(module, read_module(module), *samples(torch.float32))
