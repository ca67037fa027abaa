"""Torch modules that are chains of layers are read as such."""

import copy

import pytest
import torch
from torch import nn

from tests.support.modules import LOW, WrongRelu, between, stack
from tests.support.readable_modules import ACCEPTED, Backwards
from torch_ref import ACTIVATIONS
from torch_ref.module import ModuleError, parameters_of, read_module
from torch_ref.module_gradients import module_gradients


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


def check(chain, names, activation):
    found = [layer.weight.removesuffix("weight").removesuffix(".") for layer in chain.layers]
    assert found == names
    assert set(chain.activations) == ({activation} if len(names) > 1 else set())
    assert (chain.output, chain.end) == ("linear", None)


@pytest.mark.parametrize(("make", "names", "activation"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(make, names, activation):
    module = make()
    check(chain := read_module(module), names, activation)
    own = getattr(module, "_orig_mod", getattr(module, "module", module))
    for name, (weight, bias) in zip(names, parameters_of(module, chain), strict=True):
        assert torch.equal(weight, own.get_submodule(name).weight)
        assert torch.equal(bias, own.get_submodule(name).bias)


@pytest.mark.parametrize("dtype", LOW, ids=str)
@pytest.mark.parametrize(("make", "names", "activation"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts_in_low_precision(make, names, activation, dtype):
    check(read_module(make().to(dtype)), names, activation)


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_accepts_what_overflows_in_low_precision(dtype):
    module = stack(nn.ReLU()).to(dtype)
    with torch.no_grad():
        module[0].bias[:] = torch.finfo(dtype).max
        module[2].weight[:] = torch.tensor([[1, -1, 1, -1], [2, 2, 2, 2]])
        module[2].weight *= 2
        assert not module(torch.ones(1, 3, dtype=dtype)).isfinite().all()
    assert read_module(module).activations == ("relu",)


def test_every_activation_is_read():
    read = {activation.partition(":")[0] for _, _, activation in ACCEPTED.values()}
    assert read == set(ACTIVATIONS)


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


def test_a_part_with_two_names_keeps_its_parameters():
    module = Backwards()
    own = dict(module.named_parameters())
    chain = read_module(module)
    module_gradients(module, chain, torch.ones(2, 3), torch.ones(2, 2))
    assert all(p is own[name] for name, p in module.named_parameters())


def test_random_forward_leaves_the_random_state():
    module = between(lambda z: z + torch.rand(1))
    random = torch.get_rng_state()
    with pytest.raises(ModuleError, match="add: with it, the function between"):
        read_module(module)
    assert torch.equal(torch.get_rng_state(), random)
