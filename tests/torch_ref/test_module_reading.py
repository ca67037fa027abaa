"""Torch modules that are chains of layers are read as such."""

import copy

import pytest
import torch
from torch import nn

from tests.support.modules import LOW, WrongRelu, between, stack
from tests.support.readable_modules import ACCEPTED
from torch_ref import ACTIVATIONS
from torch_ref.module import ModuleError, module_gradients, read_module


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


@pytest.mark.parametrize(("make", "names", "activation"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(make, names, activation):
    module = make()
    chain = read_module(module, n_inputs=3)
    assert [name for name, _ in chain.linears] == names
    assert chain.activation == activation
    plain = getattr(module, "_orig_mod", getattr(module, "module", module))
    assert all(plain.get_submodule(name) is linear for name, linear in chain.linears)


@pytest.mark.parametrize("dtype", LOW, ids=str)
@pytest.mark.parametrize(("make", "names", "activation"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts_in_low_precision(make, names, activation, dtype):
    chain = read_module(make().to(dtype), n_inputs=3)
    assert [name for name, _ in chain.linears] == names
    assert chain.activation == activation


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_accepts_what_overflows_in_low_precision(dtype):
    module = stack(nn.ReLU()).to(dtype)
    with torch.no_grad():
        module[0].bias[:] = torch.finfo(dtype).max
        module[2].weight[:] = torch.tensor([[1, -1, 1, -1], [2, 2, 2, 2]])
        module[2].weight *= 2
        assert not module(torch.ones(1, 3, dtype=dtype)).isfinite().all()
    assert read_module(module).activation == "relu"


def test_every_activation_is_read():
    assert {activation for _, _, activation in ACCEPTED.values()} == set(ACTIVATIONS)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("run", ["read", "gradients", "loop"])
def test_changes_nothing(run, training):
    act = WrongRelu.apply if run == "loop" else torch.relu
    module = between(act).train(training)
    module(torch.ones(1, 3)).sum().backward()
    chain = read_module(module)
    state = copy.deepcopy(module.state_dict())
    parameters = dict(module.named_parameters())
    gradients = {name: p.grad.clone() for name, p in parameters.items()}
    random = torch.get_rng_state()
    if run == "read":
        read_module(module)
    else:
        module_gradients(module, chain, torch.ones(2, 3), torch.ones(2, 2))
    assert torch.equal(torch.get_rng_state(), random)
    assert all(part.training is training for part in module.modules())
    for name, p in module.named_parameters():
        assert p is parameters[name]
        assert torch.equal(p, state[name])
        assert torch.equal(p.grad, gradients[name])


def test_random_forward_leaves_the_random_state():
    module = between(lambda z: z + torch.rand(1))
    random = torch.get_rng_state()
    with pytest.raises(ModuleError, match="a tensor by itself"):
        read_module(module)
    assert torch.equal(torch.get_rng_state(), random)
