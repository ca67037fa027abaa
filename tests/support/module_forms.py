"""Torch modules of 3 inputs as people write them, and what each computes.

name -> (how to make one, its activations, its output, (output, loss) of its own or None). All have
three or two layers; nothing here is drawn but their parameters.
"""

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional


class Form(NamedTuple):
    """How a module is made, and what it is."""

    make: Any
    activations: tuple[str, ...] = ("relu",)
    output: str | None = "linear"  # None of one that returns a loss alone
    end: tuple[str, str] | None = None
    biases: tuple[bool, ...] = (True, True)
    outputs: int = 2


class Free(nn.Module):
    """Parameters of any names, Linear layers a and c, and a forward(net, x) of the test."""

    def __init__(self, run, outputs=2, **shapes):
        super().__init__()
        self.run = run
        if not shapes:
            self.a, self.c = nn.Linear(3, 4), nn.Linear(4, outputs)
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.randn(shape)))

    def forward(self, x):
        return self.run(self, x)

    def z(self, x):
        return self.c(torch.tanh(self.a(x)))


class WithLoss(Free):
    def forward(self, x, y):
        return self.run(self, x, y)


class WithOption(Free):
    def forward(self, x, targets=None):
        return self.run(self, x, targets)


def chain(*parts, outputs=2, bias=True):
    """Linear 3-4, relu, Linear 4-2, and what is given."""
    layers = nn.Linear(3, 4, bias=bias), nn.ReLU(), nn.Linear(4, outputs, bias=bias)
    return nn.Sequential(*layers, *parts)


def observed(module):
    """Hooks that look, and return nothing."""
    seen: list[Any] = []
    module[0].register_forward_hook(
        lambda part, given, made: seen.append(float(made.detach().mean()))
    )
    module[0].register_forward_pre_hook(lambda part, given: None)
    module[2].register_full_backward_hook(lambda part, to, of: seen.append(of))
    module[2].weight.register_hook(lambda grad: seen.append(grad.norm()))
    return module


def with_part(module, part):
    module.part = part
    return module


def many_shapes(net, x):
    h = torch.relu(net.a(x.view(x.size(0), -1)).unsqueeze(1)).squeeze(1).contiguous()
    return net.c(h.float().to(torch.float32).reshape(-1, 4)).double()


def einsum(net, x):
    h = functional.relu(torch.einsum("bi,io->bo", x, net.w1) + net.b1)
    return torch.einsum("bi,oi->bo", h, net.w2) + net.b2


def nested():
    inner = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(4, 2), nn.Identity()))
    return nn.Sequential(nn.Sequential(nn.Identity(), nn.Linear(3, 4)), inner)


def asserting(net, x):
    assert not torch.isnan(x).any()
    return net.c(net.a(x).relu())


SHAPES = {"w1": (3, 4), "b1": (4,), "w2": (2, 4), "b2": (2,)}  # w2 as nn.Linear has it
NONE = (False, False)

FORWARDS = {
    "no bias": Form(lambda: chain(bias=False), biases=NONE),
    "a bias here and there": Form(
        lambda: nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU(), nn.Linear(4, 2)),
        biases=(False, True),
    ),
    "activations by layer": Form(
        lambda: nn.Sequential(*chain(), nn.Tanh(), nn.Linear(2, 2)),
        ("relu", "tanh"),
        biases=(True,) * 3,
    ),
    "slopes with numbers": Form(
        lambda: nn.Sequential(
            *(nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Linear(4, 2)), nn.ELU(0.5), nn.Linear(2, 2)
        ),
        ("leaky_relu:0.2", "elu:0.5"),
        biases=(True,) * 3,
    ),
    "GELU by erf, Hardswish": Form(
        lambda: nn.Sequential(
            *(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2)), nn.Hardswish(), nn.Linear(2, 2)
        ),
        ("gelu_erf", "hard_swish"),
        biases=(True,) * 3,
    ),
    "sigmoid output": Form(lambda: chain(nn.Sigmoid()), output="sigmoid"),
    "torch.sigmoid at the end": Form(
        lambda: Free(lambda net, x: torch.sigmoid(net.z(x))), ("tanh",), "sigmoid"
    ),
    "tanh output": Form(lambda: chain(nn.Tanh()), output="tanh"),
    "softmax output": Form(lambda: chain(nn.Softmax(dim=1)), output="softmax"),
    "log softmax output": Form(lambda: chain(nn.LogSoftmax(dim=-1)), output="log_softmax"),
    "one output squeezed": Form(
        lambda: Free(lambda net, x: net.z(x).squeeze(-1), outputs=1), ("tanh",), outputs=1
    ),
    "dropout in eval mode": Form(
        lambda: nn.Sequential(nn.Flatten(), nn.Dropout(), *chain(), nn.Dropout(0.2)).eval()
    ),
    "functional dropout, off": Form(
        lambda: Free(lambda net, x: net.c(functional.dropout(net.a(x).relu(), training=False)))
    ),
    "reshaped, cast and copied": Form(lambda: Free(many_shapes)),
    "nested": Form(nested),
    "observing hooks": Form(lambda: observed(chain())),
    "x @ W + b": Form(
        lambda: Free(lambda n, x: torch.relu(x @ n.w1 + n.b1) @ n.w2.t() + n.b2, **SHAPES)
    ),
    "x @ W": Form(
        lambda: Free(lambda n, x: torch.relu(x @ n.w1) @ n.w2, w1=(3, 3), w2=(3, 3)),
        biases=NONE,
        outputs=3,
    ),
    "biases as rows": Form(
        lambda: Free(
            lambda n, x: torch.relu(torch.matmul(x, n.w1).add(n.b1)).mm(n.w2) + n.b2,
            **{"w1": (3, 4), "b1": (1, 4), "w2": (4, 2), "b2": (1, 2)},
        )
    ),
    "columns": Form(
        lambda: Free(
            lambda n, x: (n.w2 @ torch.relu(n.w1 @ x.T + n.b1) + n.b2).T,
            **{"w1": (4, 3), "b1": (4, 1), "w2": (2, 4), "b2": (2, 1)},
        )
    ),
    "a vector of weights": Form(
        lambda: Free(
            lambda n, x: torch.relu(x @ n.w1 + n.b1) @ n.w2 + n.b2,
            **{"w1": (3, 4), "b1": (4,), "w2": (4,), "b2": ()},
        ),
        outputs=1,
    ),
    "addmm": Form(
        lambda: Free(
            lambda n, x: torch.addmm(n.b2, torch.addmm(n.b1, x, n.w1).relu(), n.w2.T), **SHAPES
        )
    ),
    "einsum": Form(lambda: Free(einsum, **SHAPES)),
    "F.linear": Form(
        lambda: Free(
            lambda n, x: functional.linear(functional.relu(functional.linear(x, n.w1.T)), n.w2),
            **{"w1": (3, 4), "w2": (2, 4)},
        ),
        biases=NONE,
    ),
    "a sigmoid spelt out": Form(
        lambda: Free(lambda net, x: net.c(1 / (1 + torch.exp(-net.a(x))))), ("sigmoid",)
    ),
    "relu by clamp": Form(lambda: Free(lambda net, x: net.c(net.a(x).clamp(min=0)))),
    "an assertion on numbers": Form(lambda: Free(asserting)),
    "a tuple with more than the output": Form(
        lambda: Free(lambda net, x: (net.c(h := net.a(x).relu()), {"hidden": h}, 3))
    ),
    "parameters that it does not use": Form(
        lambda: with_part(Free(lambda net, x: net.z(x)), nn.Linear(7, 7)), ("tanh",)
    ),
}

CLASSES, TWO = ("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")


def lossy(run, end, *, output=None, outputs=3, kind=WithLoss):
    return Form(lambda: kind(run, outputs), ("tanh",), output, end, outputs=outputs)


def picked(net, x, y):
    return -functional.log_softmax(net.z(x), dim=1)[range(len(y)), y].mean()


def both(net, x, y):
    z = net.z(x)
    return z, functional.cross_entropy(z, y)


def named(net, x, y):
    logits = net.z(x)
    loss = None if y is None else functional.cross_entropy(logits, y)
    return {"loss": loss, "logits": logits}


LOSSES = {
    "CrossEntropyLoss": lossy(lambda n, x, y: nn.CrossEntropyLoss()(n.z(x), y), CLASSES),
    "NLLLoss": lossy(lambda n, x, y: nn.NLLLoss()(n.z(x).log_softmax(1), y), CLASSES),
    "-log p[y]": lossy(picked, CLASSES),
    "logits and loss": lossy(both, CLASSES, output="linear"),
    "a dict, y by option": lossy(named, CLASSES, output="linear", kind=WithOption),
    "BCELoss": lossy(lambda n, x, y: nn.BCELoss()(n.z(x).sigmoid().squeeze(-1), y), TWO, outputs=1),
    "BCELoss of three": lossy(lambda n, x, y: nn.BCELoss()(torch.sigmoid(n.z(x)), y), TWO),
    "BCEWithLogitsLoss": lossy(lambda n, x, y: nn.BCEWithLogitsLoss()(n.z(x), y), TWO, outputs=1),
    "MSELoss": lossy(lambda n, x, y: nn.MSELoss()(n.z(x), y), ("linear", "mean_squared")),
    "MSELoss, summed": lossy(
        lambda n, x, y: nn.MSELoss(reduction="sum")(n.z(x), y), ("linear", "squared")
    ),
    "MSELoss of a sigmoid": lossy(
        lambda n, x, y: nn.MSELoss()(n.z(x).sigmoid(), y), ("sigmoid", "mean_squared")
    ),
    "half of squares": lossy(
        lambda n, x, y: 0.5 * ((n.z(x) - y) ** 2).sum(), ("linear", "half_squared")
    ),
    "HuberLoss": lossy(lambda n, x, y: nn.HuberLoss()(n.z(x), y), ("linear", "huber")),
    "SmoothL1Loss": lossy(lambda n, x, y: nn.SmoothL1Loss()(n.z(x), y), ("linear", "huber")),
    "L1Loss": lossy(lambda n, x, y: nn.L1Loss()(n.z(x), y), ("linear", "absolute")),
    "hinge": lossy(lambda n, x, y: (1 - y * n.z(x)).clamp(min=0).sum(), ("linear", "hinge")),
}
FORMS = FORWARDS | LOSSES


def labels(end, outputs, n):
    """Such as the loss takes them."""
    generator = torch.Generator().manual_seed(2)
    if end[1] == "cross_entropy":
        return torch.eye(outputs)[torch.arange(n) % outputs]
    y = torch.rand(n, outputs, generator=generator)
    return (y - 0.5).sign() if end[1] == "hinge" else y


def end_of(form):
    if form.end is not None:
        return form.end
    if form.output == "log_softmax":
        return "softmax", "cross_entropy"
    return form.output, "squared"
