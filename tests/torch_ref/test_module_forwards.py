"""Forwards that are no chain of layers and one activation are refused."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.modules import LOW, Net, between, stack
from torch_ref.module import ModuleError, read_module


class Root(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x, y):
        return self.fc(x + y)


class Loose(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.net = nn.Linear(3, 4)

    def forward(self, x):
        return self.net(x) * self.scale


def autocast(net, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return net.c(torch.relu(net.b(torch.relu(net.a(x)))))


def unused_result(net, x):
    net.b(net.a(x))
    return net.c(net.a(x))


REFUSED = {
    "relu on the output": (
        lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU()),
        ["1 (ReLU)", "relu on the output"],
    ),
    "sigmoid on the output, functional": (
        lambda: Net(lambda net, x: torch.sigmoid(net.c(net.b(net.a(x))))),
        ["the module (Net), sigmoid", "sigmoid on the output"],
    ),
    "mixed": (
        lambda: nn.Sequential(*stack(nn.ReLU()), nn.Tanh(), nn.Linear(2, 1)),
        ["relu at 1 (ReLU)", "tanh at 3 (Tanh)"],
    ),
    "activation missing once": (
        lambda: nn.Sequential(*stack(nn.ReLU()), nn.Linear(2, 1)),
        ["relu at 1 (ReLU)", "identity at 2 (Linear) to 3 (Linear)"],
    ),
    "two in a row": (lambda: stack(nn.ReLU(), nn.Tanh()), ["2 (Tanh)", "tanh after relu"]),
    "before the first": (
        lambda: nn.Sequential(nn.ReLU(), nn.Linear(3, 2)),
        ["0 (ReLU)", "before the first layer"],
    ),
    "no linear": (nn.Sequential, ["got none"]),
    "identity alone": (nn.Identity, ["got none"]),
    "dropout": (lambda: stack(nn.ReLU(), nn.Dropout()), ["2 (Dropout)", "nn.Identity"]),
    "dropout in eval mode": (lambda: stack(nn.Dropout()).eval(), ["1 (Dropout)", "eval mode"]),
    "functional dropout": (
        lambda: between(lambda z: functional.dropout(z, training=False)),
        ["the module (Net), dropout", "remove it"],
    ),
    "convolution": (lambda: stack(nn.Conv1d(4, 4, 1)), ["1 (Conv1d)", "got Conv1d"]),
    "batch norm": (lambda: stack(nn.BatchNorm1d(4)), ["1 (BatchNorm1d)", "take it out"]),
    "layer norm": (lambda: stack(nn.LayerNorm(4)), ["1 (LayerNorm)"]),
    "lstm": (lambda: stack(nn.LSTM(4, 4)), ["1 (LSTM)"]),
    "flatten": (lambda: stack(nn.Flatten()), ["1 (Flatten)"]),
    "reshape": (lambda: between(lambda z: z.reshape(-1, 4)), ["(Net), reshape"]),
    "view of the shape": (lambda: between(lambda z: z.view(z.shape[0], 4)), ["(Net), getattr"]),
    "squeeze": (lambda: Net(lambda n, x: n.c(n.b(n.a(x))).squeeze(-1)), ["squeeze"]),
    "detach": (lambda: between(lambda z: torch.relu(z).detach()), ["detach"]),
    "leaky relu": (lambda: stack(nn.LeakyReLU()), ["1 (LeakyReLU)"]),
    "elu": (lambda: stack(nn.ELU()), ["1 (ELU)", "sigmoid, tanh, relu"]),
    "prelu": (lambda: stack(nn.PReLU()), ["1 (PReLU)"]),
    "functional leaky relu": (lambda: between(functional.leaky_relu), ["leaky_relu"]),
    "gelu by erf": (lambda: stack(nn.GELU()), ["1 (GELU)", "approximate='tanh'"]),
    "functional gelu by erf": (lambda: between(functional.gelu), ["gelu", "approximate='tanh'"]),
    "softplus with beta": (lambda: stack(nn.Softplus(beta=2)), ["1 (Softplus)", "beta=1", "got 2"]),
    "functional softplus with beta": (
        lambda: between(lambda z: functional.softplus(z, 2)),
        ["got 2"],
    ),
    "softplus of float64": (lambda: stack(nn.Softplus()).double(), ["float64", "threshold=40"]),
    "softplus with a low threshold": (lambda: stack(nn.Softplus(threshold=5)), ["threshold=40"]),
    "softplus just too low": (lambda: stack(nn.Softplus(threshold=17)), ["threshold=40"]),
    "softplus that overflows": (lambda: stack(nn.Softplus(threshold=99)), ["threshold=40"]),
    "skip connection": (
        lambda: Net(lambda net, x: net.c((h := net.a(x)) + net.b(h))),
        ["(Net), add", "skip connections"],
    ),
    "branch": (
        lambda: Net(lambda net, x: (net.a(x), net.c(net.b(torch.relu(net.a(x)))))[1]),
        ["a (Linear)", "branches"],
    ),
    "unused result": (lambda: Net(unused_result), ["a (Linear)", "branches"]),
    "dead end": (
        lambda: Net(lambda net, x: (h := net.c(net.b(net.a(x))), h.relu())[0]),
        ["return one tensor"],
    ),
    "several inputs": (Root, ["torch.fx cannot follow", "missing 1 required"]),
    "several outputs": (lambda: Net(lambda net, x: (net.c(net.b(net.a(x))), 1)), ["one tensor"]),
    "a dict": (lambda: Net(lambda net, x: {"y": net.c(net.b(net.a(x)))}), ["one tensor"]),
    "arithmetic": (lambda: between(lambda z: torch.relu(z) * 2), ["(Net), mul", "got mul"]),
    "arithmetic in a part": (
        lambda: nn.Sequential(nn.Linear(3, 3), between(lambda z: 1 - z)),
        ["1 (Net), sub"],
    ),
    "a tensor of its own": (Loose, ["scale", "a tensor by itself"]),
    "control flow": (
        lambda: Net(lambda net, x: net.a(x) if x.sum() > 0 else x),
        ["torch.fx cannot follow", "control flow"],
    ),
    "numpy": (lambda: Net(lambda net, x: net.a(x).numpy() + 1), ["the module (Net), numpy"]),
    "an error": (
        lambda: Net(lambda net, x: net.d(x)),
        ["torch.fx cannot", "AttributeError: ", "'d'"],
    ),
    "autocast inside": (lambda: Net(autocast), ["their own dtype", "autocast"]),
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


HIDDEN = {  # what a forward does to its output when nobody traces it
    "scaled": (lambda y: y * (1 + 1e-3), "does not compute what its layers do"),
    "not a number": (lambda y: y * torch.nan, "does not compute what its layers do"),
    "another dtype": (lambda y: y.double(), "does not compute what its layers do"),
    "another shape": (lambda y: y[:, 0], r"expected an output \[8, 2\]"),
    "a pair": (lambda y: (y, y), "expected an output .* got tuple"),
    "an error": (lambda y: y.view(3), "fails on a sample: RuntimeError: shape"),
}


@pytest.mark.parametrize(("change", "words"), HIDDEN.values(), ids=HIDDEN)
def test_refuses_what_no_trace_shows(change, words):
    def forward(net, x):
        y = net.c(net.b(net.a(x)))
        return y if isinstance(y, torch.fx.Proxy) else change(y)

    with pytest.raises(ModuleError, match=words):
        read_module(Net(forward))
    for dtype in LOW:
        with pytest.raises(ModuleError, match=words):
            read_module(Net(forward).to(dtype))


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_refuses_what_low_precision_hides(dtype):
    """1.0001 is 1 in float16 and bfloat16."""

    def forward(net, x):
        y = net.c(net.b(net.a(x)))
        return y if isinstance(y, torch.fx.Proxy) else y * (1 + 1e-4)

    with pytest.raises(ModuleError, match="does not compute what its layers do"):
        read_module(Net(forward).to(dtype))


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_refuses_what_low_precision_alone_does(dtype):
    def forward(net, x):
        y = net.c(net.b(net.a(x)))
        return y if isinstance(y, torch.fx.Proxy) or y.dtype != dtype else 2 * y

    with pytest.raises(ModuleError, match="does not compute what its layers do"):
        read_module(Net(forward).to(dtype))
