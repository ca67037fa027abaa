"""Torch modules that are chains: name -> (how to make one, names of its layers, activation)."""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional

from tests.support.modules import Net, between, stack
from torch_ref import MLP


class Renamed(nn.Linear):
    pass


class Backwards(nn.Module):
    """Registers its layers in another order than it calls them, and takes an option."""

    def __init__(self):
        super().__init__()
        self.last, self.first = nn.Linear(4, 2), nn.Linear(3, 4)
        self.also_first = self.first

    def forward(self, x, mask=None):
        return self.last(torch.tanh(self.first(x))) if mask is None else mask


def nested():
    return nn.Sequential(
        nn.Sequential(nn.Linear(3, 4), nn.SiLU()),
        nn.Sequential(nn.Linear(4, 4), nn.SiLU(), nn.Linear(4, 2)),
    )


def named():
    parts = [("one", nn.Linear(3, 4)), ("act", nn.Tanh()), ("two", nn.Linear(4, 2))]
    return nn.Sequential(OrderedDict(parts))


FUNCTIONS = {
    "torch.relu": (torch.relu, "relu"),
    "F.relu": (functional.relu, "relu"),
    "F.relu in place": (lambda z: functional.relu(z, inplace=True), "relu"),
    "x.relu": (lambda z: z.relu(), "relu"),
    "x.relu_": (lambda z: z.relu_(), "relu"),
    "torch.relu by keyword": (lambda z: torch.relu(input=z), "relu"),
    "torch.sigmoid": (torch.sigmoid, "sigmoid"),
    "F.sigmoid": (functional.sigmoid, "sigmoid"),
    "x.sigmoid": (lambda z: z.sigmoid(), "sigmoid"),
    "x.sigmoid_": (lambda z: z.sigmoid_(), "sigmoid"),
    "expit": (torch.special.expit, "sigmoid"),
    "torch.tanh": (torch.tanh, "tanh"),
    "F.tanh": (functional.tanh, "tanh"),
    "x.tanh_": (lambda z: z.tanh_(), "tanh"),
    "F.silu": (functional.silu, "silu"),
    "F.silu in place": (lambda z: functional.silu(z, inplace=True), "silu"),
    "F.gelu": (lambda z: functional.gelu(z, approximate="tanh"), "gelu"),
    "F.softplus": (functional.softplus, "softplus"),
    "F.softplus by position": (lambda z: functional.softplus(z, 1, 40), "softplus"),
    "F.leaky_relu": (functional.leaky_relu, "leaky_relu:0.01"),
    "torch.where": (lambda z: torch.where(z > 0, z, 0.2 * z), "leaky_relu:0.2"),
    "F.elu": (functional.elu, "elu:1"),
    "F.celu": (functional.celu, "elu:1"),
    "F.selu": (functional.selu, "selu"),
    "F.gelu by erf": (functional.gelu, "gelu_erf"),
    "F.relu6": (functional.relu6, "relu6"),
    "clamp": (lambda z: z.clamp(-1, 1), "hard_tanh"),
    "F.hardsigmoid": (functional.hardsigmoid, "hard_sigmoid"),
    "F.hardswish": (functional.hardswish, "hard_swish"),
    "F.mish": (functional.mish, "mish"),
    "F.softsign": (functional.softsign, "softsign"),
    "nothing": (lambda z: z, "identity"),
}

ACCEPTED = {
    "sequential": (lambda: stack(nn.Sigmoid()), ["0", "2"], "sigmoid"),
    "nested": (nested, ["0.0", "1.0", "1.2"], "silu"),
    "named": (named, ["one", "two"], "tanh"),
    "inplace relu": (lambda: stack(nn.ReLU(inplace=True)), ["0", "2"], "relu"),
    "gelu": (lambda: stack(nn.GELU(approximate="tanh")), ["0", "2"], "gelu"),
    "softplus": (lambda: stack(nn.Softplus()), ["0", "2"], "softplus"),
    "softplus just high enough": (
        lambda: stack(nn.Softplus(threshold=18)),
        ["0", "2"],
        "softplus",
    ),
    "softplus of float64": (
        lambda: stack(nn.Softplus(threshold=40)).double(),
        ["0", "2"],
        "softplus",
    ),
    "float64": (lambda: stack(nn.Tanh()).double(), ["0", "2"], "tanh"),
    "identity inside": (
        lambda: nn.Sequential(nn.Identity(), *stack(nn.Tanh(), nn.Identity()), nn.Identity()),
        ["1", "4"],
        "tanh",
    ),
    "no activation": (stack, ["0", "1"], "identity"),
    "linear": (lambda: nn.Linear(3, 2), [""], "identity"),
    "linear of a subclass": (lambda: Renamed(3, 2), [""], "identity"),
    "one linear": (lambda: nn.Sequential(nn.Linear(3, 2)), ["0"], "identity"),
    "other order, an option, a second name": (Backwards, ["first", "last"], "tanh"),
    "one activation module, used twice": (
        lambda: Net(lambda net, x: net.c(net.act(net.b(net.act(net.a(x))))), act=nn.Tanh()),
        ["a", "b", "c"],
        "tanh",
    ),
    "a part never called": (lambda: between(torch.tanh, off=nn.Dropout()), ["a", "b", "c"], "tanh"),
    "frozen": (lambda: stack(nn.ReLU()).requires_grad_(False), ["0", "2"], "relu"),
    "our own": (lambda: MLP((3, 4, 2), activation="gelu"), ["layers.0", "layers.1"], "gelu"),
    "compiled": (lambda: torch.compile(stack(nn.ReLU()), backend="eager"), ["0", "2"], "relu"),
    "data parallel": (lambda: nn.DataParallel(stack(nn.ReLU())), ["0", "2"], "relu"),
    **{
        name: (lambda act=act: between(act), ["a", "b", "c"], activation)
        for name, (act, activation) in FUNCTIONS.items()
    },
}
