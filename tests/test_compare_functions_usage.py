"""What `compare_functions` is given by a user in a hurry, and the one sentence that it answers."""

import copy
import random
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch.nn.functional as tnf
from torch import nn

from compare import Candidate, UsageError, compare_functions, cut

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
W = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
T = torch.from_numpy(X)
NET = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
STATE = dict(NET.state_dict())


def square(x):
    return jnp.sum(x * x)


def pair(x):
    x = np.asarray(x)
    return np.sum(x * x), 2 * x


def outputs(x):
    return {"a": jnp.sin(x), "b": jnp.cos(x)}


def changed(name, value):
    net = copy.deepcopy(NET)
    with torch.no_grad():
        net.state_dict()[name].view(-1)[1] = value
    return net


def net_port(state, x):
    return jnp.tanh(x @ state["0.weight"].T + state["0.bias"][None])


def dropout_in(function):
    return lambda x: function(x, 0.5)


class Branch(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.count += 1
        return x * self.count


def control_flow(x):
    if jnp.sum(x) > 0:
        return jnp.sum(x)
    return -jnp.sum(x)


def broken(x):
    return jnp.sum(x) + undefined  # noqa: F821


def torch_broken(x):
    return torch.nn.functional.linear(x, torch.ones(2, 5))


def chance(x):
    return jnp.sum(x * np.random.rand())


def python_chance(x):
    return jnp.sum(x * random.random())


def loop(x):
    return jax.lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * 2), (0, x))[1]


REFUSED = {
    # the reference
    "no function": ((3, square, X), {}, "reference: expected a function of JAX or torch"),
    "none": ((None, square, X), {}, "or a torch module, got None"),
    "a class": ((nn.Linear, square, X), {}, "got the class Linear"),
    "a reference of NumPy": ((pair, square, X), {}, "one that makes NumPy arrays"),
    "its own error": ((broken, square, X), {}, "cannot be run: NameError: name 'undefined'"),
    "torch's own error": ((torch_broken, square, T), {}, "RuntimeError: mat1 and mat2 shapes"),
    "control flow in JAX": ((control_flow, square, X), {}, "TracerBoolConversionError: Attempted"),
    "control flow in torch": ((Branch(), square, T), {}, "depends on the numbers in a tensor"),
    "a loop that JAX cannot turn round": ((loop, square, X), {}, "Reverse-mode differentiation"),
    "dropout in train mode": (
        (nn.Sequential(nn.Linear(3, 2), nn.Dropout()), square, T),
        {},
        "expected a deterministic forward, got",
    ),
    "a buffer that changes": ((Counter(), square, T), {}, "got a change of count"),
    "random numbers of NumPy": ((chance, square, X), {}, "draws from the random numbers of NumPy"),
    "random numbers of Python": ((python_chance, square, X), {}, "random numbers of Python"),
    "nothing differentiable": ((lambda x: x > 0, square, X), {}, "got output of bool"),
    "nothing at all": ((lambda x: None, square, X), {}, "got one that returns nothing"),
    "weights of two dtypes": (
        (nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2).double()), square, T),
        {},
        "expected one dtype, got float32 for 0.weight and float64 for 1.weight",
    ),
    "a lazy module": ((nn.LazyLinear(2), square, T), {}, "got a lazy module that has none yet"),
    "too few inputs": ((NET, net_port), {}, "missing 1 required positional argument"),
    # candidates
    "no candidate": ((square, {}, X), {}, "expected at least one, got an empty dict"),
    "inputs alone": (
        (NET, lambda x: x @ x.T, T),
        {},
        "(state, *inputs) beside a module, got one of",
    ),
    "a number": ((square, 3, X), {}, "candidate: expected a function, a torch module or (outputs"),
    "a list": ((square, [square], X), {}, "or a dict of several by their names, got a list"),
    "a tuple of functions": (
        (square, (square, square), X),
        {},
        "got a tuple; (outputs, gradients)",
    ),
    "a class as a candidate": ((square, {"net": nn.Tanh}, X), {}, "net: expected a function"),
    "a name that is taken": ((square, {"reference": square}, X), {}, "which the reference is"),
    "a name that is none": ((square, {1: square}, X), {}, "candidates: expected names, got 1"),
    "an error of its own": ((square, broken, X), {}, "candidate: cannot be run: NameError"),
    "one that exits": ((square, lambda x: exit(3), X), {}, "cannot be run: SystemExit: 3"),
    "one that returns text": (
        (square, lambda x: "a", X),
        {},
        "reference returns, output, got nothing",
    ),
    "one that takes names": ((square, lambda x, *, y: x, X), {}, "missing 1 required keyword-only"),
    "a dict of arrays": ((square, {"w": X}, X), {}, "w: expected a function, a torch module or"),
    "one that is of no framework": (
        (square, lambda x: x.numbers(), X),
        {},
        "JAX says: DynamicJaxprTracer has no attribute numbers; torch says: 'Tensor' object has no",
    ),
    "no gradients": (
        (square, lambda x: np.sum(np.exp(x)), X),
        {},
        "expected (outputs, gradients), got",
    ),
    "gradients in a list": (
        (square, Candidate(lambda x: list(pair(x)), "numpy"), X),
        {},
        "got list",
    ),
    "three": ((square, (1.0, X, X), X), {}, "got a tuple of 3; return both as a tuple"),
    "a gradient too many": (
        (square, (1.0, [X, X]), X),
        {},
        "expected 1 gradients, by args[0], got 2",
    ),
    "a gradient of another shape": ((square, (1.0, X.T), X), {}, "of its shape (2, 3), got (3, 2)"),
    "a gradient that is text": ((square, (1.0, ["x"]), X), {}, "expected an array of numbers"),
    "another shape": ((outputs, lambda x: {"a": x, "b": x[0]}, X), {}, "got the shape (3,)"),
    "other leaves": ((outputs, lambda x: {"a": x, "c": x}, X), {}, "got output['a'], output['c']"),
    "leaves that lack": ((outputs, lambda x: x, X), {}, "output['a'], output['b'], got output"),
    "a kind of array": (
        (square, Candidate(square, "tensorflow"), X),
        {},
        "one of jax, torch, numpy",
    ),
    "what it returns": ((square, Candidate(square, None, "all"), X), {}, "one of outputs, both"),
    "chance in a candidate": (
        (square, dropout_in(tnf.dropout), T),
        {},
        "draws from the random numbers of torch",
    ),
    "other weights": (
        (NET, changed("0.weight", 9), T),
        {},
        "expected the 0.weight of the reference, ",
    ),
    "weights of another shape": ((NET, nn.Sequential(nn.Linear(3, 4)), T), {}, "shape (2, 3), got"),
    "weights that lack": ((NET, nn.Sequential(nn.Tanh()), T), {}, "has no weights 0.bias"),
    "a module beside a function": (
        (lambda w, x: jnp.sum(x @ w), NET, W, X),
        {},
        "the first argument of the reference is no dict of weights",
    ),
    "a backward pass that is no Candidate": (
        (jnp.sin, lambda x, dy: (np.sin(x), np.cos(x) * dy), X),
        {},
        "takes the cotangents last, is given as Candidate(f, arrays='numpy', returns='both')",
    ),
    # arguments
    "no arguments": ((lambda: jnp.ones(()), square), {}, "to differentiate by, got no array"),
    "integers": ((lambda x: x.astype(np.float32), square, np.arange(3)), {}, "got args[0]"),
    "floats of Python": ((square, square, 2.0), {}, "to differentiate by, got no array"),
    "lists of numbers": ((square, square, [[1.0], [2.0]]), {}, "np.array makes one of a list"),
    "a tensor that is sparse": ((square, square, torch.eye(3).to_sparse()), {}, "to_dense()"),
    "a dtype of 8 bits": (
        (square, square, jnp.asarray(X, jnp.float8_e4m3fn)),
        {},
        "of float8_e4m3",
    ),
    "two dtypes": (
        (lambda x, y: jnp.sum(x * y), square, X, X.astype(np.float64)),
        {},
        "got float32 for args[0] and float64 for args[1]",
    ),
    "complex numbers": ((square, square, X + 1j), {}, "args[0]: expected floating-point numbers"),
    "objects": ((square, square, np.array([{}])), {}, "got an array of object"),
    "masked": ((square, square, np.ma.masked_less(X, 0)), {}, "got masked entries"),
    "the meta device": (
        (square, square, T.to("meta")),
        {},
        "args[0]: expected an array of numbers",
    ),
    "large integers": (
        (lambda x, i: jnp.sum(x), square, X, np.array([2**40])),
        {},
        "args[1]: expected integers of 32 bits",
    ),
    "keys that cannot be sorted": (
        (square, square, {1: X, "a": X}),
        {},
        "cannot be read as a tree",
    ),
    # options
    "wrt that is not there": (
        (square, square, X),
        {"wrt": "x"},
        "there is no x; there are args[0]",
    ),
    "a weight that is not there": (
        (NET, copy.deepcopy(NET), T),
        {"wrt": ["fc1"]},
        "there is no fc1; there are 0.bias, 0.weight, args[0]",
    ),
    "a number of no argument": ((square, square, X), {"wrt": 1}, "there is no args[1]"),
    "wrt of integers": (
        (lambda x, i: jnp.sum(x[i]), square, X, np.arange(2)),
        {"wrt": [1]},
        "got args[1] of int64",
    ),
    "wrt of a string": (
        (lambda x, _: square(x), square, X, "sum"),
        {"wrt": 1},
        "got args[1] of 'sum'",
    ),
    "wrt of nothing": ((square, square, X), {"wrt": []}, "names or numbers of arguments, got none"),
    "wrt of True": ((square, square, X), {"wrt": True}, "got True"),
    "wrt of a set": ((square, square, X), {"wrt": {0}}, "got set"),
    "a loss that is no function": (
        (outputs, square, X),
        {"loss": "mse"},
        "loss: expected a function",
    ),
    "a loss of many numbers": ((outputs, outputs, X), {"loss": lambda o: o["a"]}, "returns (2, 3)"),
    "a loss of torch for JAX": (
        (outputs, outputs, X),
        {"loss": tnf.cross_entropy},
        "cross_entropy",
    ),
    "a loss of JAX for torch": (
        (NET, NET, T),
        {"loss": jnp.sum},
        "loss: expected a function of torch",
    ),
    "a candidate that lacks the loss": (
        (NET, net_port, T),
        {"loss": torch.sum},
        "candidate: output: expected one number, a loss, as the reference returns, got the shape",
    ),
    "cotangents of another shape": (
        (outputs, outputs, X),
        {"cotangents": {"a": X, "b": W}},
        "(3, 4)",
    ),
    "cotangents that lack": (
        (outputs, outputs, X),
        {"cotangents": {"a": X}},
        "cotangents: expected",
    ),
    "cotangents that are infinite": (
        (square, square, X),
        {"cotangents": np.float32(np.inf)},
        "cotangents: output: expected finite numbers",
    ),
    "a dtype that is none": ((square, square, X), {"dtype": "float8"}, "float16, got float8"),
    "integers as dtype": ((square, square, X), {"dtype": int}, "bfloat16, float16, got int64"),
    "a device that is none": (
        (square, square, X),
        {"device": "all"},
        "device: expected cpu, gpu, or",
    ),
    "a device that is not there": (
        (square, square, X),
        {"device": "cuda:99"},
        "expected a cuda:99",
    ),
    "inside of more digits": (
        (square, square, X),
        {"inside": "float64"},
        "inside: expected float32",
    ),
    "a seed that is none": ((square, square, X), {"seed": "a"}, "seed: expected an integer"),
}


@pytest.mark.parametrize(("given", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_in_a_sentence(given, options, said):
    with pytest.raises(UsageError) as raised:
        compare_functions(*given, **options)
    assert said in str(raised.value).partition("\n")[0]


@pytest.mark.parametrize("reference", [jnp.tanh, nn.Tanh()])
def test_a_module_without_weights_is_a_function(reference):
    x = np.linspace(-1, 1, 6, dtype=np.float32)
    report = compare_functions(reference, {"right": nn.Tanh(), "wrong": nn.Softsign()}, x)
    assert [one.verdict for one in report.candidates] == ["agree", "disagree"]


@pytest.mark.parametrize(
    ("x", "name", "said"),
    [
        ("h", X, "cut: expected a name of the place, got ndarray"),
        (X, "", "cut: expected a name of the place, which does not begin with 'd:', got ''"),
        (X, "d:h", "got 'd:h'"),
    ],
)
def test_a_cut_needs_a_name(x, name, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        cut(x, name)


def test_a_cut_is_of_jax_whatever_the_arguments_are():
    def f(x):
        return cut(2 * x, "h") + 1

    with pytest.raises(TypeError, match="cut: h: expected an array of JAX, got one of torch"):
        f(T)
    assert compare_functions(f, f, T).agrees
