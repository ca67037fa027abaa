"""Models of Flax nnx as functions of their weights."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from compare import UsageError
from compare.implementations.programs.models.nnx import is_nnx, nnx_model
from tests.support.models import gradients_of_both, places_of, state_of

PARTS = (".linear", ".norm", ".dropout", "")
X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


class Block(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(3, 3, rngs=rngs)
        self.norm = nnx.BatchNorm(3, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.dropout(nnx.relu(self.norm(self.linear(x))))


class Nested(nnx.Module):
    """Submodules in lists and dicts, one of them twice, and one that is called by another name."""

    def __init__(self, rngs):
        self.blocks = nnx.List([Block(rngs), Block(rngs)])
        self.heads = nnx.Dict({"out": nnx.Linear(3, 2, rngs=rngs)})
        self.again = self.blocks[0]
        self.embed = nnx.Embed(5, 3, rngs=rngs)

    def __call__(self, x):
        for block in (*self.blocks, self.again):
            x = block(x)
        return self.heads["out"](x) + self.embed.attend(x)[:, :2]


class Tree(nnx.Module):
    """A submodule that returns a tree."""

    def __init__(self, rngs):
        self.cell = nnx.LSTMCell(3, 3, rngs=rngs)
        self.rnn = nnx.RNN(nnx.GRUCell(3, 3, rngs=rngs))

    def __call__(self, x):
        carry = (jnp.zeros_like(x), jnp.ones_like(x))
        carry, h = self.cell(carry, x)
        return self.rnn(h[None])[0] + carry[0]


class Scanned(nnx.Module):
    """Stacked layers, one after another."""

    def __init__(self, rngs):
        @nnx.split_rngs(splits=3)
        @nnx.vmap(in_axes=0, out_axes=0)
        def make(rngs):
            return nnx.Linear(3, 3, rngs=rngs)

        self.layers = make(rngs)

    def __call__(self, x):
        @nnx.scan(in_axes=(0, nnx.Carry), out_axes=nnx.Carry)
        def step(layer, x):
            return jnp.tanh(layer(x))

        return step(self.layers, x)


class Transformed(nnx.Module):
    """Submodules inside remat, jit and vmap."""

    def __init__(self, rngs):
        self.first, self.second = nnx.Linear(3, 3, rngs=rngs), nnx.Linear(3, 3, rngs=rngs)
        self.third, self.fourth = nnx.Linear(3, 3, rngs=rngs), nnx.Linear(3, 3, rngs=rngs)

    def __call__(self, x):
        x = jnp.sin(nnx.remat(lambda m, x: jnp.sin(m(x)))(self.first, x))
        x = nnx.jit(lambda m, x: m(x))(self.second, x)
        x = nnx.vmap(lambda m, x: m(x), in_axes=(None, 0))(self.third, x)
        return jax.vmap(self.fourth)(x)


CELL = [f"cell.{part}" for part in ("ii", "hi", "if_", "hf", "ig", "hg", "io", "ho")]
PLACES = {
    Nested: [
        *(f"{block}{part}" for block in ("again", "blocks.1") for part in PARTS),
        "heads.out",
    ],
    Tree: [
        *(*CELL, "cell[0][0]", "cell[1]"),
        *("rnn.cell.dense_i", "rnn.cell.dense_h", "rnn.cell[0]", "rnn.cell[1]", "rnn"),
    ],
    Scanned: ["layers"],
    Transformed: ["first", "second", "third", "fourth"],
}


@pytest.mark.parametrize("kind", PLACES)
def test_gradients_with_places_are_bit_for_bit_those_without(kind):
    module = kind(nnx.Rngs(0))
    module.eval()
    graph, weights, rest = nnx.split(module, nnx.Param, ...)

    def plain(weights, x):
        return nnx.merge(graph, weights, jax.tree.map(jnp.asarray, rest))(x)

    model = nnx_model(module)
    found, right = gradients_of_both(model, plain, weights, X)
    assert found == right
    assert set(places_of(model, X)) == set(PLACES[kind])


def test_recurrent_cells_compute_in_the_dtype_of_their_weights():
    model = nnx_model(Tree(nnx.Rngs(0)))
    with jax.enable_x64(True):
        wide = state_of(model, np.float64)
        made = jax.eval_shape(lambda w: model.call(w, X.astype(np.float64))[0], wide)
    assert made.dtype == np.float64


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_what_a_batch_norm_changes(mode):
    module = Block(nnx.Rngs(0))
    module.eval()
    getattr(module.norm, mode)()
    before = nnx.to_pure_dict(nnx.state(module, nnx.BatchStat))
    model = nnx_model(module)
    _, changed = jax.jit(model.call)(state_of(model), X)
    assert sorted(model.buffers) == ["norm.mean", "norm.var"]
    assert sorted(changed) == (sorted(model.buffers) if mode == "train" else [])
    if changed:
        mean = X @ module.linear.kernel[...] + module.linear.bias[...]
        np.testing.assert_allclose(changed["norm.mean"], 0.01 * mean.mean(0), rtol=1e-4, atol=1e-7)
    after = nnx.to_pure_dict(nnx.state(module, nnx.BatchStat))
    assert jax.tree.all(jax.tree.map(np.array_equal, before, after))


class ByClass(nnx.Module):
    """Asks of which class a submodule is."""

    def __init__(self, rngs, ask):
        self.linear, self.ask = nnx.Linear(3, 3, rngs=rngs), ask

    def __call__(self, x):
        is_linear = self.ask(self.linear)
        return self.linear(x) if is_linear else self.linear(2 * x)


@pytest.mark.parametrize(
    "ask", [lambda one: type(one) is nnx.Linear, lambda one: {nnx.Linear: True}[type(one)]]
)
def test_a_program_that_places_would_change_has_none(ask):
    module = ByClass(nnx.Rngs(0), ask)
    model = nnx_model(module)
    assert places_of(model, X) == {}
    assert np.array_equal(model.call(model.parameters, X)[0], module(X))


class Noise(nnx.Module):
    def __init__(self, rngs):
        self.rngs = rngs

    def __call__(self, x):
        return x + self.rngs.normal(x.shape)


class WithoutCall(nnx.Module):
    def encode(self, x):
        return x


def trained(rngs):
    module = Block(rngs)
    module.train()
    return module


def without_numbers(rngs):
    del rngs
    return nnx.eval_shape(lambda: Block(nnx.Rngs(0)))


def emptied(rngs):
    module = nnx.Linear(3, 3, rngs=rngs)
    module.kernel = nnx.data(None)
    return module


def called(module, *inputs):
    model = nnx_model(module)
    return model.call(state_of(model), *inputs)


@pytest.mark.parametrize(
    ("make", "inputs", "said"),
    [
        (trained, 1, "Flax nnx: dropout (Dropout): expected a deterministic forward, got a dropo"),
        (Noise, 1, "Flax nnx: expected a deterministic forward, got one that draws from the rngs"),
        (lambda _: nnx.Dropout(0.5), 1, "(Dropout): expected a deterministic forward, got a drop"),
        (without_numbers, 1, "expected an array, got its shape alone; make the model itself, not"),
        (emptied, 1, "Flax nnx: kernel: expected an array, got None"),
        (Block, 2, "expected a model that can be called with 2 inputs, got __call__(x): too many"),
        (lambda _: WithoutCall(), 1, "expected a model with a method __call__, got WithoutCall"),
    ],
)
def test_what_cannot_be_a_model(make, inputs, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        called(make(nnx.Rngs(0)), *[X] * inputs)


def test_what_a_module_of_nnx_is():
    module = nnx.Linear(3, 3, rngs=nnx.Rngs(0))
    assert is_nnx(module)
    assert not any(map(is_nnx, (nnx.Linear, nnx.relu, nnx.state(module), None)))
