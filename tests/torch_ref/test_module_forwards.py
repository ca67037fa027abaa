"""Forwards that are no chain of layers and activations are refused, with the true reason."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.modules import LOW, Net, between, stack
from torch_ref.module import ModuleError, read_module
from torch_ref.module_gradients import module_gradients


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


def in_place(net, x):
    h = net.b(net.a(x))
    h[:, 0] = 0
    return net.c(h)


def through_a_view(net, x):
    z = net.a(x)
    z.view(-1).relu_()
    return net.c(net.b(z))


def changes_weights(net, x):
    with torch.no_grad():
        net.b.weight.clamp_(-1, 1)
    return net.c(net.b(net.a(x)))


def constant(net, x):
    return net.c(net.b(net.a(x)) + torch.ones(4))


LISTED = [nn.Linear(4, 4)]

# each with the place, and the reason
REFUSED = {
    "relu on the output": (
        lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU()),
        ["1 (ReLU): with it, the output is none of linear, sigmoid, tanh, softmax"],
    ),
    "two in a row": (
        lambda: stack(nn.ReLU(), nn.Tanh()),
        ["2 (Tanh): with it, the function between two layers is none of sigmoid, tanh, relu"],
    ),
    "before the first": (
        lambda: nn.Sequential(nn.ReLU(), nn.Linear(3, 2)),
        ["0 (ReLU): it changes x before the first layer"],
    ),
    "no parameters": (nn.Identity, ["expected affine layers, z = W h + b, got no parameters"]),
    "dropout": (
        lambda: stack(nn.ReLU(), nn.Dropout()),
        ["2 (Dropout): dropout in train mode drops other units at every call; call .eval()"],
    ),
    "functional dropout, always on": (
        lambda: between(functional.dropout).eval(),
        ["the module (Net), dropout: it is called with training=True in eval mode too"],
    ),
    "convolution": (
        lambda: stack(nn.Conv1d(4, 4, 1)),
        ["1 (Conv1d): a convolution uses each of its weights in many places"],
    ),
    "batch norm": (
        lambda: stack(nn.BatchNorm1d(4)),
        ["1 (BatchNorm1d): in train mode it ties each sample to the others of its batch"],
    ),
    "batch norm in eval mode": (
        lambda: stack(nn.BatchNorm1d(4)).eval(),
        ["1 (BatchNorm1d): it scales each unit by numbers that are no weights of a layer"],
    ),
    "layer norm": (
        lambda: stack(nn.LayerNorm(4)),
        ["1 (LayerNorm): it divides by what the units of the layer have in common"],
    ),
    "lstm": (lambda: stack(nn.LSTM(4, 4)), ["1 (LSTM): a recurrence uses its weights at every"]),
    "rnn cell": (lambda: stack(nn.RNNCell(4, 4)), ["1 (RNNCell): a recurrence"]),
    "attention": (
        lambda: Net(
            lambda net, x: net.c(net.mix(h := net.a(x), h, h)[0]), mix=nn.MultiheadAttention(4, 1)
        ),
        ["mix (MultiheadAttention): attention multiplies what it has computed by itself"],
    ),
    "softmax between layers": (
        lambda: stack(nn.Softmax(dim=-1)),
        ["1 (Softmax): with it, the function between two layers is none of"],
    ),
    "prelu": (lambda: stack(nn.PReLU()), ["1 (PReLU): its slope is a parameter too"]),
    "softplus with beta": (
        lambda: stack(nn.Softplus(beta=2)),
        ["1 (Softplus): with it, the function between two layers is none of"],
    ),
    "softplus of float64": (
        lambda: stack(nn.Softplus()).double(),
        ["1 (Softplus)", "1.6e-09 off softplus at 20.25"],
    ),
    "softplus just too low": (lambda: stack(nn.Softplus(threshold=17)), ["off softplus at 17.25"]),
    "skip connection": (
        lambda: Net(lambda net, x: net.c((h := net.a(x)) + net.b(h))),
        ["the module (Net), add: it joins what a (Linear) and b (Linear) give, as a skip"],
    ),
    "skip from the input": (
        lambda: Net(lambda net, x: net.c(net.b(torch.cat([net.a(x)[:, :1], x], dim=1)))),
        ["the module (Net), cat: it joins what the inputs and a (Linear) give"],
    ),
    "branches": (
        lambda: Net(lambda net, x: net.c(net.a(x) * net.d(x)), d=nn.Linear(3, 4)),
        ["d (Linear): it takes what a (Linear) takes, so that there are branches"],
    ),
    "shared weights": (
        lambda: Net(lambda net, x: net.c(net.b(net.b(net.a(x))))),
        ["b (Linear): it uses b.weight a second time"],
    ),
    "in place": (lambda: Net(in_place), ["the module (Net), setitem: it changes numbers in place"]),
    "in place, by a view": (
        lambda: Net(through_a_view),
        ["b (Linear): the numbers that it takes have been changed in place"],
    ),
    "weights in place": (
        lambda: Net(changes_weights),
        ["the module (Net), clamp: it changes b.weight in place"],
    ),
    "x in place": (
        lambda: Net(lambda net, x: net.c(net.b(net.a(x.mul_(2))))),
        ["the module (Net), mul: it changes x in place"],
    ),
    "several inputs": (lambda: Root(), ["y comes in before the first layer"]),
    "two outputs": (
        lambda: Net(lambda net, x: (z := net.c(net.b(net.a(x))), z.relu())),
        ["expected its forward to return one tensor that the last layer makes, got 2"],
    ),
    "no output": (lambda: Net(lambda net, x: None), ["got none in its forward"]),
    "arithmetic": (lambda: between(lambda z: torch.relu(z) * 2), ["the module (Net), mul: with"]),
    "a constant": (lambda: Net(constant), ["the module (Net), add: with it, the function between"]),
    "noise": (lambda: between(lambda z: z + torch.rand(1)), ["the module (Net), add: with it"]),
    "a scale that is learnt": (
        Loose,
        ["the module (Loose), mul: it uses scale otherwise than as W or b in W h + b"],
    ),
    "a list of layers": (
        lambda: Net(lambda net, x: net.c(LISTED[0](net.a(x)))),
        ["linear: it uses weights that are no parameters of the module, as those of layers in a"],
    ),
    "numpy": (
        lambda: Net(lambda net, x: torch.tensor(net.a(x).numpy() + 1)),
        ["the module (Net), numpy: torch cannot differentiate what is computed outside of it"],
    ),
    "an error": (
        lambda: Net(lambda net, x: net.d(x)),
        ["the module (Net): its forward fails on a sample: AttributeError: ", "'d'"],
    ),
    "autocast inside": (
        lambda: Net(autocast),
        ["a (Linear): it computes in torch.bfloat16, as under torch.autocast", "torch.float32"],
    ),
}
CLOSED = ("so this is no chain of affine layers and activations", "with python -m compare.files")


class Lossy(nn.Module):
    """A forward that gives a loss."""

    def __init__(self, run):
        super().__init__()
        self.a, self.c, self.run = nn.Linear(3, 4), nn.Linear(4, 2), run

    def forward(self, x, y):
        return self.run(self, self.c(torch.relu(self.a(x))), y)


def penalised(net, z, y):
    return functional.mse_loss(z, y) + 0.1 * net.c.weight.square().sum()


REFUSED_LOSSES = {
    "softmax twice": (
        lambda net, z, y: functional.cross_entropy(z.softmax(1), y),
        "the module (Lossy), cross_entropy: its loss is none of the catalogue",
    ),
    "smoothed labels": (
        lambda net, z, y: functional.cross_entropy(z, y, label_smoothing=0.1),
        "the module (Lossy), cross_entropy: its loss is none of the catalogue",
    ),
    "a penalty": (penalised, "add: its loss depends on c.weight beside the layers"),
    "two losses": (
        lambda net, z, y: (functional.mse_loss(z, y), functional.l1_loss(z, y)),
        "expected its forward to return one loss, got 2 tensors that depend on y",
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
    assert not re.search(r"use (one|nn|these)|take (it|one) out|remove", message)  # no other model


@pytest.mark.parametrize(("run", "said"), REFUSED_LOSSES.values(), ids=REFUSED_LOSSES)
def test_refuses_losses(run, said):
    with pytest.raises(ModuleError, match=re.escape(said)):
        read_module(Lossy(run))


@pytest.mark.parametrize("name", ["convolution", "lstm", "skip connection", "in place"])
def test_what_is_no_chain_has_a_way_on(name):
    make, _ = REFUSED[name]
    with pytest.raises(ModuleError) as caught:
        read_module(make())
    assert all(words in str(caught.value) for words in CLOSED)


HIDDEN = {  # what a forward does to its output after the first call
    "scaled": (lambda y: y * (1 + 1e-3), "does not always compute what its layers do"),
    "not a number": (lambda y: y * torch.nan, "does not always compute what its layers do"),
    "an error": (lambda y: y.view(3), "fails on a sample: RuntimeError: shape"),
}


def after(calls, change):
    """A forward whose output changes after so many calls."""
    made = []

    def forward(net, x):
        made.append(x)
        y = net.c(net.b(net.a(x)))
        return y if len(made) <= calls else change(y)

    return forward


@pytest.mark.parametrize("dtype", [torch.float32, *LOW], ids=str)
@pytest.mark.parametrize(("change", "words"), HIDDEN.values(), ids=HIDDEN)
def test_refuses_what_no_trace_shows(change, words, dtype):
    change = (lambda y: 2 * y) if dtype in LOW and "always" in words else change
    with pytest.raises(ModuleError, match=words):
        read_module(Net(after(2, change)).to(dtype))


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_refuses_what_low_precision_hides(dtype):
    """1.0001 is 1 in float16 and bfloat16."""
    with pytest.raises(ModuleError, match="mul: with it, the output is none of"):
        read_module(Net(lambda net, x: net.c(net.b(net.a(x))) * (1 + 1e-4)).to(dtype))


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_refuses_what_low_precision_alone_does(dtype):
    def forward(net, x):
        y = net.c(net.b(net.a(x)))
        return 2 * y if y.dtype == dtype else y

    with pytest.raises(ModuleError, match="does not always compute what its layers do"):
        read_module(Net(forward).to(dtype))


def test_samples_that_take_another_way_are_told():
    """One that torch.vmap refuses, and that no x in [0, 1] shows."""
    module = Net(lambda net, x: net.c(net.b(net.a(x) if x.sum() > 0 else net.a(2 * x))))
    chain = read_module(module)
    x, y = torch.rand(3, 3), torch.zeros(3, 2)
    module_gradients(module, chain, x, y)
    with pytest.raises(ModuleError, match=r"does not always .* depends on numbers"):
        module_gradients(module, chain, -x, y)
