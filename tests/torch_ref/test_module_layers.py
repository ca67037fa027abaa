"""Layers and parameters that are not what they say, or do not fit, are refused."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from tests.support.modules import between, stack
from torch_ref.module import ModuleError, read_module


class Scaled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class TwoInputs(nn.Linear):
    def forward(self, x, y):
        return super().forward(x) + y


def linear_with(change, n_in=4, n_out=2):
    linear = nn.Linear(n_in, n_out)
    return change(linear) or linear


def swap(net, layer, change):
    change(getattr(net, layer))
    return net


def on_relu(change, layer="a"):
    return lambda: swap(between(torch.relu), layer, change)


def double_b(net):
    net.b.double()
    return net


def compiled_in_place():
    net = stack(nn.ReLU())
    net.compile(backend="eager")
    return net


def old_weight_norm():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(3, 2)))


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated
        return torch.jit.script(stack(nn.ReLU()))


def set_on_instance(linear):
    linear.forward = lambda x: x


def plain_weight(linear):
    weight = linear.weight.detach()
    del linear.weight
    linear.weight = weight


def tie(net):
    net.b.weight = nn.Parameter(net.b.weight.detach())
    net.b.bias = net.a.bias
    return net


REFUSED = {
    "no module": (lambda: "net.pt", ["expected a torch.nn.Module", "str"]),
    "shared bias": (lambda: tie(between(torch.relu)), ["b (Linear): it uses a.bias a second time"]),
    "do not chain": (
        lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 2)),
        ["2 (Linear): its forward fails on a sample: RuntimeError: ", "1x4 and 5x2"],
    ),
    "odd bias": (
        on_relu(lambda linear: setattr(linear, "bias", nn.Parameter(torch.ones(1)))),
        ["a (Linear): it uses a.bias and a.weight otherwise than as W or b in W h + b"],
    ),
    "linear with another forward": (lambda: stack(Scaled(4, 4)), ["1 (Scaled), mul: with it"]),
    "two inputs of a linear": (lambda: stack(TwoInputs(4, 4)), ["1 (TwoInputs)"]),
    "parametrization": (
        lambda: stack(linear_with(parametrizations.weight_norm, 4, 4)),
        ["1 (ParametrizedLinear): its parametrization computes the weights from other parameters"],
    ),
    "old weight norm": (old_weight_norm, ["0 (Linear): its weight is no parameter"]),
    "hook after a gradient": (
        on_relu(lambda linear: linear.bias.register_post_accumulate_grad_hook(print)),
        ["a (Linear) has a hook that changes bias.grad or uses it when it is complete"],
    ),
    "a hook that changes": (
        on_relu(lambda linear: linear.register_forward_hook(lambda part, x, y: 2 * y) and None),
        ["a (Linear): with it, the function between two layers is none of"],
    ),
    "forward on the instance": (on_relu(set_on_instance), ["relu: it changes x before the first"]),
    "weight that is no parameter": (on_relu(plain_weight), ["a (Linear): its weight is no param"]),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), ["0 (LazyLinear)", "call the module once"]),
    "meta": (lambda: stack(nn.ReLU()).to("meta"), ["0.weight", "meta device"]),
    "mixed dtypes": (
        lambda: double_b(between(torch.relu)),
        ["a.weight is torch.float32", "b.weight is torch.float64"],
    ),
    "float8": (
        lambda: stack(nn.ReLU()).to(torch.float8_e5m2),
        ["0.weight", "bfloat16 or float16, got torch.float8_e5m2", ".float()"],
    ),
    "complex": (
        on_relu(lambda linear: setattr(linear, "bias", nn.Parameter(linear.bias * 1j))),
        ["a.bias", "torch.complex64"],
    ),
    "integers": (
        on_relu(
            lambda linear: setattr(
                linear, "weight", nn.Parameter(torch.ones(4, 3, dtype=torch.int32), False)
            )
        ),
        ["a.weight", "torch.int32"],
    ),
    "not finite": (
        on_relu(lambda linear: linear.bias.data.__setitem__(1, torch.inf)),
        ["module: a.bias has entries that are not finite"],
    ),
    "scripted": (scripted, ["torch.jit"]),
    "compiled in place": (compiled_in_place, ["compiled"]),
    "a compiled part": (
        lambda: nn.Sequential(torch.compile(nn.Linear(3, 2), backend="eager")),
        ["0 (OptimizedModule)", "compiled or wrapped"],
    ),
}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_refuses(make, words):
    with pytest.raises(ModuleError) as caught:
        read_module(make())
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message
