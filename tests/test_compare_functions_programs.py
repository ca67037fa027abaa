"""Which programs `compare_functions` takes, with which arguments, and what they may return."""

import dataclasses
import functools

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax.experimental import pallas

from compare import Candidate, UsageError, compare_functions

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


def test_numbers_beyond_float64_are_not_the_same_because_both_are_infinite():
    x = np.float32([1000, 1001, 1002])
    found = compare_functions(jnp.exp, lambda x: 3 * jnp.exp(x), x)
    assert found.verdict == "undecided"


def test_infinities_that_are_meant_are_the_same():
    def masked(x):
        return jnp.where(x > 0, x, -jnp.inf)

    def softmax(x):
        return jax.nn.softmax(masked(x))

    x = np.linspace(-1, 1, 6, dtype=np.float32)
    assert compare_functions(masked, masked, x).agrees
    assert compare_functions(softmax, softmax, x).agrees
