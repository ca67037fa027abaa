"""Which programs `compare_functions` takes, and that it leaves all of a user as it is."""

import copy
import dataclasses
import functools
import random

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax.experimental import pallas
from torch import nn

from compare import Candidate, UsageError, compare_functions, cut

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4)).astype(np.float32)
W = RNG.standard_normal((4, 2)).astype(np.float32)


def reference(p, x):
    return jnp.sum(jnp.tanh(x @ p["w"]) ** 2)


def by_torch(p, x):
    return (torch.tanh(x @ p["w"]) ** 2).sum()


def by_hand(p, x):
    h = np.tanh(x @ p["w"])
    dz = 2 * h * (1 - h * h)
    return np.sum(h * h), {"args[0]['w']": x.T @ dz, "args[1]": dz @ p["w"].T}


@jax.custom_vjp
def squares(h):
    return jnp.sum(h * h)


squares.defvjp(lambda h: (squares(h), h), lambda h, slope: (2 * h * slope,))


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, slope):
        return 3 * slope * ctx.saved_tensors[0] ** 2


class Method:
    def loss(self, p, x):
        return reference(p, x)

    __call__ = loss


class Layer(equinox.Module):
    scale: float

    def __call__(self, p, x):
        return self.scale * reference(p, x)


def doubled(in_ref, out_ref):
    out_ref[...] = in_ref[...] * 2


def by_pallas(x):
    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    kernel = pallas.pallas_call(doubled, out_shape=shape, interpret=True)
    f = jax.custom_vjp(kernel)
    f.defvjp(lambda x: (kernel(x), None), lambda _, slope: (kernel(slope),))
    return f(x)


@dataclasses.dataclass
class Output:
    mean: object
    last: object


KINDS = {
    "a function of JAX": (reference, "jax"),
    "a jitted one": (jax.jit(reference), "jax"),
    "a partial": (functools.partial(lambda scale, p, x: scale * reference(p, x), 1.0), "jax"),
    "a method": (Method().loss, "jax"),
    "an object that is called": (Method(), "jax"),
    "a module of Equinox": (Layer(1.0), "jax"),
    "custom_vjp": (lambda p, x: squares(jnp.tanh(x @ p["w"])), "jax"),
    "a function of torch": (by_torch, "torch"),
    "a function of NumPy": (by_hand, "numpy"),
    "a pair": (by_hand({"w": W}, X), "stored"),
    "gradients of JAX": (jax.value_and_grad(reference, (0, 1)), "jax"),
    "gradients of torch": (Candidate(by_torch, "torch"), "torch"),
}


@pytest.fixture(scope="module")
def report():
    named = {name: f for name, (f, _) in KINDS.items()}
    return compare_functions(reference, named, {"w": W}, X)


def test_programs_of_every_kind_agree(report):
    assert report.agrees, report.reason
    found = {one.name: one.framework for one in report.candidates}
    assert found == {name: kind for name, (_, kind) in KINDS.items()}


def test_arguments_of_every_framework_are_the_same(report):
    expected = report.candidates[0].checks
    for p, x in (
        ({"w": jnp.asarray(W)}, jnp.asarray(X)),
        ({"w": torch.tensor(W)}, torch.tensor(X)),
    ):
        found = compare_functions(reference, reference, p, x).candidates[0]
        assert [(one.name, one.found) for one in found.checks] == [
            (one.name, one.found) for one in expected
        ]


def test_a_function_that_both_can_run_is_of_torch_beside_tensors():
    def square(x):
        return (x * x).sum()

    for x, framework in ((X, "jax"), (torch.tensor(X), "torch")):
        found = compare_functions(square, square, x)
        assert (found.reference.framework, found.candidates[0].framework) == (framework, framework)
    found = compare_functions(square, Candidate(square, "torch"), X)
    assert (found.verdict, found.candidates[0].framework) == ("agree", "torch")


def test_a_kernel_of_pallas_and_one_of_torch():
    assert compare_functions(lambda x: 2 * x, by_pallas, X).agrees
    assert compare_functions(lambda x: x**3, Cube.apply, X).agrees


def test_what_is_no_array_is_passed_on():
    def f(x, scale, name, function, nothing, key, index):
        assert (name, nothing) == ("sum", None)
        noise = jax.random.normal(key, x.shape, x.dtype)
        return jnp.sum(function(x + noise)[index] * np.float32(scale))

    args = X, 2.0, "sum", jnp.sin, None, jax.random.key(0), np.array([0, 2])
    found = compare_functions(f, f, *args)
    assert found.agrees
    assert [one.name for one in found.candidates[0].checks] == ["output", "args[0]"]


@pytest.mark.parametrize(
    "made",
    [
        lambda x: [jnp.mean(x), x[-1]],
        lambda x: Output(jnp.mean(x), x[-1]),
    ],
    ids=["a list", "a dataclass"],
)
def test_other_containers_of_the_same_leaves(made):
    assert compare_functions(lambda x: (jnp.mean(x), x[-1]), made, X).agrees


def test_a_dataclass_of_torch_stands_for_a_dict_by_its_names_and_for_a_tuple_in_its_order():
    def torch_reference(x):
        return Output(x * 3, x * 2)

    assert compare_functions(torch_reference, lambda x: {"last": x * 2, "mean": x * 3}, X).agrees
    assert compare_functions(torch_reference, lambda x: (jnp.multiply(x, 3), x * 2), X).agrees
    with pytest.raises(UsageError, match="expected what the reference returns"):
        compare_functions(lambda x: {"b": x * 3, "a": x * 2}, lambda x: (x * 3, x * 2), X)


def test_cotangents_and_what_is_differentiated_by():
    def f(x, w):
        return {"product": x @ w, "count": jnp.int32(3)}

    slope = RNG.standard_normal((3, 2)).astype(np.float32)
    given = {"product": slope, "count": None}
    exact = ({"product": X @ W, "count": 3}, [slope @ W.T])
    assert compare_functions(f, exact, X, W, wrt=0, cotangents=given).agrees
    assert not compare_functions(f, exact, X, W, wrt="args[0]").agrees


def test_a_backward_pass_takes_the_cotangents_last():
    def backward(x, slope):
        return 3 * x, 3 * slope

    assert compare_functions(lambda x: 3 * x, Candidate(backward, "numpy"), X).agrees


def test_none_stands_for_no_gradient():
    given = (X.sum(), [np.ones_like(X), None])
    assert compare_functions(lambda x, w: jnp.sum(x), given, X, W).agrees


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm = nn.Linear(4, 2), nn.BatchNorm1d(2)

    def forward(self, x):
        return self.norm(self.fc(x))


def port(state, x):
    z = cut(x @ state["fc.weight"].T + state["fc.bias"][None], "fc")
    z = (z - z.mean(0, keepdims=True)) / jnp.sqrt(z.var(0, keepdims=True) + 1e-5)
    return z * state["norm.weight"][None] + state["norm.bias"][None]


@pytest.fixture(scope="module")
def block():
    torch.manual_seed(0)
    return Block()


def test_a_module_beside_its_copy_a_port_and_a_function(block):
    def function(state, x):
        z = torch.nn.functional.linear(x, state["fc.weight"], state["fc.bias"])
        z = (z - z.mean(0)) / torch.sqrt(z.var(0, unbiased=False) + 1e-5)
        return z * state["norm.weight"] + state["norm.bias"]

    candidates = {"copy": copy.deepcopy(block), "port": port, "function": function}
    found = compare_functions(block, candidates, X)
    assert found.agrees, found.reason
    names = {one.name for one in found.candidates[0].checks if one.kind == "statistic"}
    assert {"norm.running_mean", "norm.running_var"} <= names


def test_a_module_beside_a_function_of_its_weights(block):
    state = {name: one for name, one in block.state_dict().items() if "tracked" not in name}
    found = compare_functions(port, copy.deepcopy(block), state, X)
    assert found.agrees, found.reason
    gradients = {one.name for one in found.candidates[0].checks if one.kind == "gradient"}
    assert "args[0]['fc.weight']" in gradients
    assert "args[0]['norm.running_mean']" not in gradients


def test_a_loss_of_what_a_module_returns(block):
    def loss(made):
        return torch.nn.functional.mse_loss(made, torch.zeros(3, 2))

    candidates = {"copy": copy.deepcopy(block), "port": lambda *args: jnp.mean(port(*args) ** 2)}
    found = compare_functions(block, candidates, X, loss=loss, wrt="fc")
    assert found.agrees, found.reason
    gradients = [one.name for one in found.candidates[0].checks if one.kind == "gradient"]
    assert gradients == ["fc.bias", "fc.weight"]


def test_a_loss_reaches_a_module_that_is_compiled(block):
    compiled = torch.compile(copy.deepcopy(block), backend="eager")
    for reference, candidate in ((block, compiled), (compiled, block)):
        found = compare_functions(reference, candidate, X, loss=lambda made: (made**2).sum())
        assert found.agrees, found.reason
        assert found.reference.checks[-1].kind == "gradient"


def test_programs_may_change_their_inputs_in_place_and_be_called_under_no_grad():
    net = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 2))
    with torch.no_grad():
        assert compare_functions(net, copy.deepcopy(net), X).agrees
    assert compare_functions(lambda x: jnp.sin(x), lambda x: x.sin_(), X).agrees


def test_a_reference_that_float64_cannot_run_leaves_its_candidate_judged_without():
    inner = nn.Linear(4, 2)
    net = copy.deepcopy(inner)
    net.forward = lambda x: inner(x) * 1.001
    found = compare_functions(net, lambda s, x: x @ s["weight"].T + s["bias"][None], X, wrt=0)
    assert found.verdict == "disagree"
    assert "float64" not in found.headline


def test_nothing_of_the_users_is_changed(block):
    own, x = copy.deepcopy(block), torch.tensor(X, requires_grad=True)
    own.fc.weight.grad = torch.ones(2, 4)
    own.norm.eval()
    hook = own.fc.register_forward_hook(lambda *_: None)
    state, modes = copy.deepcopy(own.state_dict()), [one.training for one in own.modules()]
    hooks = dict(own.fc._forward_hooks)
    generators = (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_rng_state().tolist(),
    )
    candidates = {"copy": copy.deepcopy(own), "chance": lambda s, x: torch.nn.functional.dropout(x)}
    compare_functions(own, candidates["copy"], x)
    with pytest.raises(UsageError, match="draws from the random numbers of torch"):
        compare_functions(own, candidates, x)
    now = own.state_dict()
    assert all(torch.equal(now[name], one) for name, one in state.items())
    assert [one.training for one in own.modules()] == modes
    assert (own.fc.weight.grad == 1).all()
    assert x.grad is None
    assert dict(own.fc._forward_hooks) == hooks
    assert not torch.is_inference_mode_enabled()
    hook.remove()
    assert generators == (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_rng_state().tolist(),
    )


def test_a_reference_that_is_a_chain_of_layers_gets_the_certificate_of_a_network():
    net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    found = compare_functions(net, copy.deepcopy(net), X)
    assert (found.verdict, found.network.verdict) == ("agree", "agree")
    assert found.remarks[-1] == "as a network, sample by sample: every difference is rounding"
    assert compare_functions(reference, reference, {"w": W}, X).network is None


class WrongTanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, slope):
        return 1.01 * slope * (1 - torch.tanh(ctx.saved_tensors[0]) ** 2)


class Activation(nn.Module):
    def forward(self, x):
        return WrongTanh.apply(x)


def test_a_backward_of_the_reference_that_is_wrong_is_seen_in_its_network():
    def right(state, x):
        h = jnp.tanh(x @ state["0.weight"].T + state["0.bias"][None])
        return h @ state["2.weight"].T + state["2.bias"][None]

    net = nn.Sequential(nn.Linear(4, 3), Activation(), nn.Linear(3, 2))
    found = compare_functions(net, right, X)
    assert found.verdict == found.network.verdict == "disagree"
    assert "delta1 of module is 1.01 times what the chain rule gives" in found.headline
