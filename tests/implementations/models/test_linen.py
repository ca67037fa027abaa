"""Modules of Flax linen as functions of their weights by name, with places."""

import copy
import functools
import re
import sys

import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from compare.errors import UsageError
from compare.implementations.programs.models.first_carries import wide_carries
from compare.implementations.programs.models.function import function_model
from compare.implementations.programs.models.linen import is_bound, is_linen, linen_model
from compare.problem.narrowest import digits
from tests.support.models import gradients_of_both, places_of, state_of, statistics_of

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4)).astype(np.float32)
IMAGES = RNG.normal(size=(2, 4, 4, 3)).astype(np.float32)
WORDS = RNG.integers(0, 7, (2, 3)).astype(np.int32)


class Small(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(4)(jnp.tanh(nn.Dense(5)(x)))


class Cnn(nn.Module):
    train: bool = True

    @nn.compact
    def __call__(self, x):
        for width in (3, 2):
            x = nn.relu(nn.BatchNorm(not self.train)(nn.Conv(width, (3, 3))(x)))
        return nn.Dense(2)(x.mean((1, 2)))


class Block(nn.Module):
    @nn.compact
    def __call__(self, x):
        h = nn.LayerNorm()(x)
        x = x + nn.MultiHeadDotProductAttention(2)(h, h, mask=nn.make_causal_mask(x[..., 0]))
        return x + nn.Dense(4)(nn.gelu(nn.LayerNorm()(x)))


class Step(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        return x + nn.Dense(4)(nn.LayerNorm()(x)), None


class Language(nn.Module):
    """A tied embedding, setup(), and blocks that are computed again in the backward pass."""

    def setup(self):
        self.embed, self.norm = nn.Embed(7, 4), nn.LayerNorm()
        self.blocks = [nn.remat(Block)()]

    def __call__(self, words):
        x = self.embed(words)
        for block in self.blocks:
            x = block(x)
        return self.embed.attend(self.norm(self.norm(x)))


class Lifted(nn.Module):
    """Layers in a scan, and one in a vmap."""

    @nn.compact
    def __call__(self, x):
        axes = {"variable_axes": {"params": 0}, "split_rngs": {"params": True}}
        x, _ = nn.scan(nn.remat(Step), length=3, **axes)(name="layers")(x, None)
        return nn.vmap(nn.Dense, **axes)(2)(x)


class Recurrent(nn.Module):
    """Cells in RNN, and in a scan of one's own."""

    @nn.compact
    def __call__(self, x):
        _, x = nn.RNN(nn.LSTMCell(3), reverse=True, keep_order=True)(x, return_carry=True)
        scan = functools.partial(nn.scan, variable_broadcast="params", in_axes=1, out_axes=1)
        cell = scan(nn.OptimizedLSTMCell, split_rngs={"params": False})(2, name="cell")
        return cell(cell.initialize_carry(KEY, x[:, 0].shape), x)[1]


def built(module, *inputs):
    """Returns a module, variables that are drawn, and inputs."""
    shapes = jax.eval_shape(module.init, KEY, *inputs)
    return (
        module,
        jax.tree.map(lambda one: np.abs(RNG.normal(size=one.shape)).astype(one.dtype), shapes),
        inputs,
    )


@pytest.fixture(scope="module")
def nets(as_it_comes):
    """Name -> (module, variables, inputs)."""
    modules = {
        "cnn": (Cnn(), IMAGES),
        "language": (Language(), WORDS),
        "lifted": (Lifted(), X),
        "recurrent": (Recurrent(), X),
        "small": (Small(), X),
    }
    return {name: built(*one) for name, one in modules.items()}


@pytest.mark.parametrize("name", ["cnn", "language", "lifted", "recurrent"])
def test_gradients_are_those_of_the_module_bit_for_bit(nets, name):
    module, variables, inputs = nets[name]

    def plain(variables, *inputs):
        return module.apply(variables, *inputs, mutable=["batch_stats"])[0]

    parameters = {"params": variables["params"]}
    buffers = {key: one for key, one in variables.items() if key != "params"}
    found, right = gradients_of_both(
        linen_model(module, variables),
        lambda parameters, *inputs: plain({**parameters, **buffers}, *inputs),
        parameters,
        *inputs,
    )
    assert found == right


def test_every_submodule_is_a_place_but_the_outermost(nets):
    module, variables, inputs = nets["language"]
    found = places_of(linen_model(module, variables), *inputs)
    attention = "blocks_0.MultiHeadDotProductAttention_0"
    assert found["embed"] == (1, 2, 3, 4)
    assert found["norm"] == (2, 2, 3, 4)
    assert {"blocks_0", attention, f"{attention}.query"} <= set(found)
    assert found["blocks_0.LayerNorm_1"] == (1, 2, 3, 4)  # which remat computes twice
    assert len(found) == 2 + 9


def test_layers_of_a_scan_are_numbered(nets):
    module, variables, inputs = nets["lifted"]
    model = linen_model(module, variables)
    found = places_of(model, *inputs)
    assert found["layers.Dense_0"] == (3, 2, 3, 4)
    assert found["layers[0]"] == (3, 2, 3, 4)
    assert found["VmapDense_0"] == (1, 2, 3, 2)
    assert model.parameters["layers.Dense_0.kernel"].shape == (3, 4, 4)


def test_what_a_cell_returns_is_named_as_torch_names_it(nets):
    module, variables, inputs = nets["recurrent"]
    found = places_of(linen_model(module, variables), *inputs)
    assert found["LSTMCell_0[0][1]"] == (3, 2, 3)
    assert found["RNN_0[1]"] == (1, 2, 3, 3)
    assert {name for name in found if name.startswith("cell")} == {  # without its own weights
        "cell[0][0]",
        "cell[0][1]",
        "cell[1]",
    }


def test_an_inherited_call_is_one_place():
    class Twice(Small):
        @nn.compact
        def __call__(self, x):
            return 2 * super().__call__(x)

    class Outer(nn.Module):
        @nn.compact
        def __call__(self, x):
            return Twice()(x)

    found = places_of(linen_model(*built(Outer(), X)[:2]), X)
    assert {name: shape[0] for name, shape in found.items()} == {
        "Twice_0": 1,
        "Twice_0.Dense_0": 1,
        "Twice_0.Dense_1": 1,
    }


def test_a_float64_run_is_one_throughout(nets):
    module, variables, inputs = nets["recurrent"]
    model = linen_model(module, variables)
    with jax.enable_x64(True):
        wide = state_of(model, np.float64), *(one.astype(np.float64) for one in inputs)
        traced = jax.make_jaxpr(model.call)(*wide)
    assert digits(traced).narrowest == "float64"


def test_carries_are_of_float64_only_meanwhile():
    cell = nn.LSTMCell(2)
    with jax.enable_x64(True):
        with wide_carries():
            assert cell.initialize_carry(KEY, (4,))[0].dtype == np.float64
        assert cell.initialize_carry(KEY, (4,))[0].dtype == np.float32


def test_statistics_are_updated_in_train_mode_alone(nets):
    module, variables, inputs = nets["cnn"]
    names = {f"BatchNorm_{i}.{name}" for i in (0, 1) for name in ("mean", "var")}
    model = linen_model(module, variables)
    assert set(model.buffers) == names
    assert statistics_of(model, *inputs) == names
    assert statistics_of(linen_model(Cnn(train=False), variables), *inputs) == set()
    apply = functools.partial(module.apply, mutable=["batch_stats", "intermediates"])
    assert statistics_of(function_model(apply, variables), *inputs) == names
    outputs = jax.eval_shape(function_model(apply, variables).call, state_of(model), *inputs)[0]
    assert outputs.shape == (2, 2)


def test_a_bound_module_is_its_own_model(nets):
    module, variables, inputs = nets["small"]
    bound = module.bind(variables)
    assert (is_bound(bound), is_bound(module)) == (True, False)
    assert places_of(linen_model(bound), *inputs) == places_of(linen_model(module, variables), X)
    part = nets["language"][0].bind(nets["language"][1]).norm
    assert "scale" in linen_model(part).parameters


@pytest.mark.parametrize(
    "form",
    [
        flax.core.freeze,
        functools.partial(jax.tree.map, lambda one: nn.Partitioned(one, (None,) * one.ndim)),
        lambda variables: {**variables, "intermediates": {"Dense_0": {"noted": (X,)}}},
    ],
    ids=["frozen", "boxed", "with intermediates"],
)
def test_variables_may_come_in_several_forms(nets, form):
    module, variables, inputs = nets["small"]
    model = linen_model(module, form(variables))
    assert set(model.parameters) == {
        f"Dense_{i}.{name}" for i in (0, 1) for name in ("kernel", "bias")
    }
    assert not model.buffers
    assert jax.eval_shape(model.call, state_of(model), *inputs)[0].shape == X.shape


def test_names_tell_collections_apart_where_they_have_to():
    weights = {
        "params": {"a/b": {"c d": X}, "scale": {"w": X}, "n": np.arange(3)},
        "batch_stats": {"scale": {"w": X}},
    }
    model = function_model(lambda weights, x: x, weights)
    assert set(model.parameters) == {"a.b.c d", "params.scale.w"}
    assert set(model.buffers) == {"n", "batch_stats.scale.w"}


def test_a_function_of_any_weights_gets_the_places_of_what_it_calls(nets):
    module, variables, inputs = nets["small"]

    def scaled(weights, x):
        key = jax.random.bits(weights["key"])
        return weights["scale"] * module.apply(weights["net"], x), key, weights["said"]

    weights = {"net": variables, "scale": X[0], "key": KEY, "said": "so"}
    model = function_model(scaled, weights)
    assert "net.params.Dense_0.bias" in model.parameters
    assert set(places_of(model, *inputs)) == {"Dense_0", "Dense_1"}


def test_what_was_compiled_before_gets_places_too(nets):
    module, variables, inputs = nets["small"]
    apply = jax.jit(module.apply)
    jax.eval_shape(apply, variables, *inputs)
    model = function_model(lambda weights, x: apply(weights, x), variables)
    assert set(places_of(model, *inputs)) == {"Dense_0", "Dense_1"}
    assert "Dense_0" not in str(jax.make_jaxpr(apply)(variables, *inputs))  # as it was


def without(variables, *path):
    found = copy.deepcopy(jax.tree.map(np.asarray, variables))
    functools.reduce(dict.__getitem__, path[:-1], found).pop(path[-1])
    return found


def reshaped(variables):
    found = copy.deepcopy(jax.tree.map(np.asarray, variables))
    found["params"]["Dense_0"]["kernel"] = found["params"]["Dense_0"]["kernel"].T
    return found


WRONG = {
    "the params alone": (
        lambda variables: variables["params"],
        r"expected variables as init returns them, \{'params': ...\}, got Dense_0, Dense_1; give",
    ),
    "no dict": (lambda variables: [1.0], "expected variables .* got list"),
    "params in params": (lambda variables: {"params": variables}, "expected .*; take one off"),
    "a leaf that lacks": (
        lambda variables: without(variables, "params", "Dense_1", "bias"),
        "expected Dense_1.bias among the weights, which the model reads, got none",
    ),
    "a module that lacks": (
        lambda variables: without(variables, "params", "Dense_0"),
        "expected Dense_0.kernel among the weights, which the model reads, got none",
    ),
    "another shape": (
        reshaped,
        r"expected Dense_0.kernel of shape \(5, 4\), as the model makes .*, got \(4, 5\); give",
    ),
    "shapes alone": (
        lambda variables: jax.eval_shape(lambda: variables),
        "Dense_0.bias: expected an array of numbers: got ShapeDtypeStruct",
    ),
    "complex numbers": (
        lambda variables: jax.tree.map(lambda one: one.astype(np.complex64), variables),
        "Dense_0.bias: expected floating-point numbers, .* got an array of complex64",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_variables_that_do_not_fit_are_told(nets, name):
    module, variables, inputs = nets["small"]
    spoil, message = WRONG[name]
    with pytest.raises(UsageError, match=f"^Flax linen: {message}"):
        places_of(linen_model(module, spoil(variables)), *inputs)


class Moody(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.BatchNorm(not train, use_bias=False, use_scale=False)(x)
        return nn.Dropout(0.5, deterministic=not train)(x)


STATISTICS = {"batch_stats": {"BatchNorm_0": {"mean": X[0, 0], "var": X[0, 0] ** 2}}}
TRAINED = functools.partial(Moody().apply, train=True)
MODES = {
    "an argument that lacks": (Moody().apply, STATISTICS, "functools.partial(net.apply, train"),
    "no mutable": (TRAINED, STATISTICS, "mutable=['batch_stats']"),
    "no key": (
        functools.partial(TRAINED, mutable=["batch_stats"]),
        STATISTICS,
        "expected a deterministic forward, got one that draws numbers for 'dropout'; give",
    ),
    "statistics that lack": (
        functools.partial(TRAINED, mutable=["batch_stats"], rngs={"dropout": KEY}),
        {"params": {}},
        "expected batch_stats.BatchNorm_0.mean among the weights, which the forward updates",
    ),
    "a class": (Moody, STATISTICS, "got the class Moody; give an object of it"),
}


@pytest.mark.parametrize("name", MODES)
def test_what_a_forward_needs_besides_is_told(name):
    f, weights, message = MODES[name]
    with pytest.raises(UsageError, match=re.escape(message)):
        jax.eval_shape(function_model(f, weights).call, {}, X)


def test_flax_is_not_loaded_to_find_out(monkeypatch):
    assert is_linen(Small())
    monkeypatch.delitem(sys.modules, "flax.linen")
    assert not is_linen(np.ones(2))
    assert "flax.linen" not in sys.modules
