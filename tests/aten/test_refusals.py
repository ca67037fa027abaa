"""What has no JAX is refused in a sentence: where it stands, what it is, and what to do."""

import random
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.aten.program import exported
from compare.errors import UsageError
from tests.support.torch_programs import Net

X = torch.ones(3, 4)
HERE = r"the module \(Net\), test_refusals.py, line \d+, `.*`: "


class Kernel(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x.data_ptr()  # as what calls C++ or Triton does
        return x


def branch(net, x):
    if net.a(x).sum() > 0:
        return x
    return -x


def to_numpy(net, x):
    return net.a(x) * torch.from_numpy(np.sin(x.numpy()))


def draw(net, x):
    return net.a(x) * random.random()


def change_weight(net, x):
    with torch.no_grad():
        net.a.weight.mul_(2)
    return net.a(x)


def change_data(net, x):
    net.a.weight.data.mul_(2)
    return net.a(x)


def set_data(net, x):
    net.a.weight.data = net.b.weight
    return net.a(x)


def count(net, x):
    net.count += 1
    return net.a(x) * net.count


def backward(net, x):
    net.a(x).sum().backward()
    return x


def detach_in_place(net, x):
    h = net.a(x)
    h.detach_()
    return net.b(h)


def force(net, x):
    return torch.autograd.grad(net.a(x.requires_grad_()).sum(), x)[0]


def counted():
    net = Net(count)
    net.register_buffer("count", torch.zeros(()))
    return net


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Linear(4, 4))


def both_devices():
    net = Net(lambda net, x: net.a(x))
    net.a.to("meta")
    return net


CASES = {
    "a branch": (lambda: Net(branch), HERE + "what it does depends on the numbers in a tensor"),
    "item": (
        lambda: Net(lambda net, x: net.a(x) * x.max().item()),
        r"the module \(Net\), torch_programs.py, .*: expected sizes that are fixed and numbers "
        r"that stay in tensors, got \.item\(\); choose with torch.where",
    ),
    "a mask that picks": (
        lambda: Net(lambda net, x: net.a(x)[x > 0]),
        "expected sizes that are fixed .*, got index.Tensor; choose with torch.where",
    ),
    "numpy": (lambda: Net(to_numpy), HERE + "what it does turns a tensor into a NumPy array"),
    "a kernel": (
        lambda: Net(lambda net, x: Kernel.apply(x)),
        HERE + r"what it does runs a kernel of its own, of Triton or C\+\+",
    ),
    "dropout": (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)),
        r"^1 \(Dropout\): expected a deterministic forward, got dropout in train mode; call .eval",
    ),
    "dropout of an LSTM": (
        lambda: nn.LSTM(4, 4, num_layers=2, dropout=0.5),
        r"^the module \(LSTM\): expected .* forward, got lstm in train mode with dropout; call ",
    ),
    "dropout of attention": (
        lambda: Net(lambda net, x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.1)),
        "deterministic forward, got scaled_dot_product_attention with dropout; call .eval",
    ),
    "noise": (
        lambda: Net(lambda net, x: net.a(x) + torch.randn_like(x)),
        "expected a deterministic forward, got randn_like; call .eval",
    ),
    "chance of Python": (lambda: Net(draw), "it draws random numbers of Python or NumPy; call .ev"),
    "unknown operations": (
        lambda: Net(lambda net, x: torch.linalg.matrix_exp(net.a(x)[:, :3]) + x.lgamma().sum()),
        r"expected operations of torch that JAX has here, got linalg_matrix_exp.default in the "
        r"module \(Net\), .*; write them with others, or give the reference as a JAX function",
    ),
    "a weight that changes": (
        lambda: Net(change_weight),
        HERE + "it changes in place, under torch.no_grad, a tensor that has a gradient",
    ),
    "data that changes": (
        lambda: Net(change_data),
        HERE + "it changes in place a tensor that shares its memory with a detached one",
    ),
    "data that is set": (lambda: Net(set_data), HERE + "it sets .data of a tensor"),
    "a buffer that changes": (
        counted,
        r"^the module \(Net\): expected a forward that leaves parameters and buffers as they are, "
        r"but for the statistics of batchnorm, got a change of count; ",
    ),
    "backward": (lambda: Net(backward), HERE + r"it calls .backward\(\) in its forward"),
    "detach in place": (lambda: Net(detach_in_place), HERE + r"it detaches .*; write .detach\(\)"),
    "a force": (lambda: Net(force), HERE + r"it calls .requires_grad_\(\) on what it is given"),
    "complex numbers": (
        lambda: Net(lambda net, x: torch.fft.fft(net.a(x)).abs()),
        "expected real numbers, got torch.complex64; compute with real and imaginary parts",
    ),
    "no tensor": (
        lambda: Net(lambda net, x: 3.0),
        "module: expected a forward that returns tensors",
    ),
    "no weights": (
        lambda: nn.Sequential(nn.LazyLinear(2)),
        r"^0 \(LazyLinear\): expected weights, got a lazy module that has none yet; call the mod",
    ),
    "torch.jit": (
        lambda: nn.Sequential(scripted()),
        r"^0 \(RecursiveScriptModule\): expected a module of Python, got one of torch.jit; give ",
    ),
    "meta": (both_devices, "^a.weight: expected numbers, got a tensor on the meta device; load"),
    "no program": (lambda: 3, "module: expected a torch module or a function of tensors, got 3"),
    "an error of its own": (
        lambda: Net(lambda net, x: net.a(x[:, :3])),
        r"^a \(Linear\), test_refusals.py, line \d+, .*: expected a forward that torch.export can "
        "follow, got RuntimeError: a and b must have same reduction dim",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_says_where_and_what(case, capfd):
    program, message = CASES[case]
    state = random.getstate()
    with pytest.raises(UsageError, match=message) as raised:
        exported(program(), (X,))
    assert "\n" not in str(raised.value)
    assert capfd.readouterr() == ("", "")
    assert random.getstate() == state


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            (np.ones((2, 4)),),
            r"args\[0\]: expected a tensor of torch, got ndarray; make it one with",
        ),
        (
            ({"x": X.to_sparse()},),
            r"args\[0\]\['x'\]: expected a dense tensor of numbers, got a spa",
        ),
        ((X.to(torch.complex64),), r"args\[0\]: expected real numbers, got torch.complex64; give"),
        (
            (X.to(torch.float8_e5m2),),
            r"args\[0\]: expected floating-point .*, got torch.float8_e5m2",
        ),
    ],
)
def test_an_argument_that_is_no_plain_tensor_is_named(args, message):
    with pytest.raises(UsageError, match=message):
        exported(Net(lambda net, x: net.a(x)), args)


def test_an_operation_that_jax_has_for_other_arguments_only_is_refused_when_exported():
    embedding = nn.Embedding(5, 4, scale_grad_by_freq=True)
    with pytest.raises(
        UsageError, match=r"^the module \(Embedding\).*embedding with scale_grad_by"
    ):
        exported(embedding, (torch.zeros(2, dtype=torch.int64),))
