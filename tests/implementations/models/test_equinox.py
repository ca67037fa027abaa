"""Models of Equinox as functions of their weights."""

import dataclasses
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import UsageError
from compare.implementations.programs.models.equinox import equinox_model, is_equinox
from compare.implementations.programs.models.recognise import check_unwrapped
from tests.support.models import gradients_of_both, places_of, state_of

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


def linear(n_out=3, key=KEY):
    return eqx.nn.Linear(3, n_out, key=key)


class Nested(eqx.Module):
    """Submodules in lists and dicts, one of them twice, and functions."""

    layers: list
    heads: dict
    mlp: eqx.nn.Sequential
    wrapped: eqx.Module

    def __init__(self):
        self.layers = [linear(), jax.nn.relu, linear(key=jax.random.key(1))]
        self.heads = {"out": eqx.nn.LayerNorm(3)}
        self.mlp = eqx.nn.Sequential([linear(), eqx.nn.Lambda(jnp.sin)])
        self.wrapped = eqx.filter_vmap(linear())

    def __call__(self, x):
        first, act, last = self.layers
        x = jax.vmap(lambda x: last(act(first(first(x)))))(x)
        return self.wrapped(jax.vmap(self.mlp)(eqx.filter_vmap(self.heads["out"])(x)))


class Recurrent(eqx.Module):
    """A cell in a scan."""

    cell: eqx.nn.LSTMCell

    def __init__(self):
        self.cell = eqx.nn.LSTMCell(3, 3, key=KEY)

    def __call__(self, x):
        def step(carry, x):
            carry = self.cell(x, carry)
            return carry, carry[0]

        return jax.lax.scan(step, (jnp.zeros_like(x[0]),) * 2, x)[1]


class Stacked(eqx.Module):
    """Stacked layers in a scan, and stacked here."""

    layers: eqx.Module

    def __init__(self):
        self.layers = eqx.filter_vmap(lambda key: linear(key=key))(jax.random.split(KEY, 3))

    def __call__(self, x):
        arrays, rest = eqx.partition(self.layers, eqx.is_array)

        def step(x, arrays):
            layer = eqx.combine(arrays, rest)
            return jnp.tanh(jax.vmap(eqx.filter_checkpoint(layer))(x)), None

        return jax.lax.scan(step, x, arrays)[0]


class Tied(eqx.Module):
    """Two layers that share a weight."""

    shared: eqx.nn.Shared

    def __init__(self):
        layers = linear(), linear(key=jax.random.key(1))
        self.shared = eqx.nn.Shared(layers, lambda two: two[1].weight, lambda two: two[0].weight)

    def __call__(self, x):
        first, second = self.shared()
        return jax.vmap(second)(eqx.filter_jit(eqx.filter_vmap(first))(x))


class Attention(eqx.Module):
    attention: eqx.nn.MultiheadAttention

    def __init__(self):
        self.attention = eqx.nn.MultiheadAttention(1, 3, key=KEY)

    def __call__(self, x):
        return self.attention(x, x, x)


PROJECTIONS = [f"attention.{name}_proj" for name in ("query", "key", "value")]
PLACES = {
    Nested: [
        *("layers.0", "layers.2", "heads.out"),
        *("mlp.layers.0", "mlp.layers.1", "mlp", "wrapped"),
    ],
    Recurrent: ["cell[0]", "cell[1]"],
    Stacked: ["layers"],
    Tied: ["shared.pytree.0", "shared.pytree.1"],
    Attention: [*PROJECTIONS, "attention.dropout", "attention.output_proj", "attention"],
}


@pytest.mark.parametrize("kind", PLACES)
def test_gradients_with_places_are_bit_for_bit_those_without(kind):
    module = kind()
    weights, rest = eqx.partition(module, eqx.is_inexact_array)
    model = equinox_model(module)
    found, right = gradients_of_both(
        model, lambda weights, x: eqx.combine(weights, rest)(x), weights, X
    )
    assert found == right
    assert set(places_of(model, X)) == set(PLACES[kind])


class Stateful(eqx.Module):
    linear: eqx.nn.Linear
    norm: eqx.nn.BatchNorm

    def __init__(self, mode, axis="batch"):
        self.linear, self.norm = linear(), eqx.nn.BatchNorm(3, axis, mode=mode)

    def __call__(self, x, state):
        return self.norm(self.linear(x), state)


@pytest.mark.parametrize("mode", ["ema", "batch"])
@pytest.mark.parametrize(("inference", "axis"), [(False, "batch"), (True, "batch"), (False, "x")])
def test_what_a_batch_norm_changes(mode, inference, axis):
    module, state = eqx.nn.make_with_state(Stateful)(mode, axis)
    model = equinox_model(eqx.nn.inference_mode(module, inference), state)
    axes = {"in_axes": (None, 0), "out_axes": (0, None), "axis_name": "batch"}
    batched = dataclasses.replace(model, call=jax.vmap(model.call, **axes))
    made, changed = jax.jit(batched.call)(state_of(model), X)
    assert made.shape == (4, 3)
    assert sorted(model.buffers) == ["norm.mean", "norm.var"]
    assert sorted(changed) == ([] if inference else ["norm.mean", "norm.var"])
    assert set(places_of(batched, X)) == {"linear", "norm"}
    if changed:
        mean = jax.vmap(module.linear)(X).mean(0) * (1 if mode == "ema" else 0.01)
        np.testing.assert_allclose(changed["norm.mean"], mean, rtol=1e-4, atol=1e-7)


class OfBlocks(eqx.Module):
    """Stacks its layers itself, which must be of one class for that."""

    layers: list

    def __init__(self):
        self.layers = [linear(), linear(key=jax.random.key(1))]

    def __call__(self, x):
        stacked = jax.tree.map(lambda *arrays: jnp.stack(arrays), *self.layers)
        arrays, rest = eqx.partition(stacked, eqx.is_array)
        return jax.lax.scan(lambda x, one: (jax.vmap(eqx.combine(one, rest))(x), None), x, arrays)[
            0
        ]


class ByClass(eqx.Module):
    """Asks of which class a submodule is."""

    layer: eqx.nn.Linear

    def __call__(self, x):
        return jax.vmap(self.layer)(x if type(self.layer) is eqx.nn.Linear else 2 * x)


@pytest.mark.parametrize("make", [OfBlocks, lambda: ByClass(linear())])
def test_a_program_that_places_would_change_has_none(make):
    module = make()
    model = equinox_model(module)
    assert places_of(model, X) == {}
    assert np.array_equal(model.call(model.parameters, X)[0], module(X))


class Constants(eqx.Module):
    """Integers: one that is looked up, one that a shape is made of; and a number of Python."""

    table: jax.Array
    size: np.ndarray
    scale: float
    layer: eqx.nn.Linear

    def __call__(self, x):
        x = x[self.table] * self.scale
        return jax.vmap(self.layer)(x) + jnp.ones((int(self.size), 1))


def test_what_is_no_floating_point_number_stays():
    model = equinox_model(Constants(jnp.array([0, 2, 1, 1]), np.array(4), 0.5, linear()))
    assert sorted(model.parameters) == ["layer.bias", "layer.weight"]
    assert model.buffers == {}
    assert list(places_of(model, X)) == ["layer"]


@pytest.mark.parametrize("make", [linear, lambda: eqx.nn.Sequential([linear()])])
def test_a_batch_that_would_fit_as_one_sample_by_chance(make):
    model, batch = equinox_model(make()), X[:3]
    with pytest.raises(UsageError, match="expected one sample, got a batch"):
        model.call(model.parameters, batch)
    made, _ = jax.vmap(model.call, in_axes=(None, 0))(model.parameters, batch)
    assert np.array_equal(made, jax.vmap(make())(batch))


class Columns(eqx.Module):
    """A linear layer of columns: [3, N]."""

    layer: eqx.nn.Linear

    def __call__(self, x):
        return self.layer(x)


def test_a_matrix_that_is_no_batch_of_samples():
    model = equinox_model(Columns(eqx.nn.Linear(3, 2, use_bias=False, key=KEY)))
    assert model.call(model.parameters, X.T)[0].shape == (2, 4)


class Encoder(eqx.Module):
    """A forward that is another method, and a key that it has to have."""

    layer: eqx.nn.Linear
    dropout: eqx.nn.Dropout

    def __init__(self, p=0.5):
        self.layer, self.dropout = linear(), eqx.nn.Dropout(p)

    def encode(self, x):
        return jax.vmap(self.layer)(x)

    def __call__(self, x, *, key):
        one, _ = jax.random.split(key)
        return self.dropout(self.encode(x), key=one)


def test_a_method_is_a_model():
    model = equinox_model(Encoder().encode)
    assert sorted(model.parameters) == ["layer.bias", "layer.weight"]
    assert list(places_of(model, X)) == ["layer"]


def test_a_key_without_use_is_given():
    model = equinox_model(eqx.nn.inference_mode(Encoder()))
    assert set(places_of(model, X)) == {"layer", "dropout"}


def used_up():
    module, state = eqx.nn.make_with_state(Stateful)("ema")
    state.set(module.norm.ema_first_time_index, jnp.array(False))
    return equinox_model(module, state)


def called(module, *inputs):
    model = equinox_model(module)
    return model.call(model.parameters, *inputs)


@pytest.mark.parametrize(
    ("make", "inputs", "said"),
    [
        (
            Encoder,
            1,
            "Equinox: dropout (Dropout): expected a deterministic forward, got a dropout",
        ),
        (lambda: eqx.nn.Dropout(0.5), 1, "expected a deterministic forward, got a dropout of 0.5"),
        (
            lambda: eqx.filter_eval_shape(linear),
            1,
            "weight: expected an array, got its shape alone",
        ),
        (
            lambda: eqx.filter(Nested(), eqx.is_array, inverse=True),
            1,
            "layers.0.weight: expected a",
        ),
        (linear, 2, "with 2 inputs, got __call__(x, *, key=None): too many positional arguments"),
        (
            lambda: Stateful("batch"),
            1,
            "expected a model with its state, got it alone; model, stat",
        ),
        (
            lambda: eqx.nn.StateIndex(0),
            1,
            "expected a model with a method __call__, got StateIndex",
        ),
    ],
)
def test_what_cannot_be_a_model(make, inputs, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        called(make(), *[X] * inputs)


def test_what_cannot_be_a_state():
    module, state = eqx.nn.make_with_state(Stateful)("ema")
    other, _ = eqx.nn.make_with_state(Stateful)("batch")
    with pytest.raises(UsageError, match="state: expected that of this model"):
        equinox_model(other, state)
    with pytest.raises(UsageError, match="expected a state of type State, got dict"):
        equinox_model(module, {})
    with pytest.raises(UsageError, match="state: expected the newest one: Attempted to use old"):
        used_up()


def test_a_function_that_hides_a_model():
    for f in (jax.vmap(linear()), jax.jit(jax.vmap(linear()))):
        with pytest.raises(UsageError, match="pass model: it is called for a batch"):
            check_unwrapped("candidate", f)
    for f in (jax.vmap(jnp.sin), linear(), eqx.filter_vmap(linear()), Encoder().encode):
        check_unwrapped("candidate", f)


def test_what_a_module_of_equinox_is():
    assert is_equinox(linear())
    assert not any(map(is_equinox, (eqx.nn.Linear, jax.nn.relu, {"a": linear()}, None)))
