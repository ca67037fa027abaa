"""What Haiku has transformed as functions of its weights by name, with places."""

import functools
import re
import sys

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.errors import UsageError
from compare.implementations.programs.models.function import function_model
from compare.implementations.programs.models.haiku import haiku_model, is_haiku
from compare.problem.narrowest import digits
from tests.support.models import gradients_of_both, places_of, state_of, statistics_of

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4)).astype(np.float32)
IMAGES = RNG.normal(size=(2, 4, 4, 3)).astype(np.float32)


def drawn(shapes):
    return jax.tree.map(lambda one: np.abs(RNG.normal(size=one.shape)).astype(one.dtype), shapes)


def cnn(x, train=True):
    x = jax.nn.relu(hk.BatchNorm(True, True, 0.9)(hk.Conv2D(3, 3)(x), train))
    return hk.nets.MLP([3, 2])(x.mean((1, 2)))


def recurrent(x):
    core = hk.LSTM(4)
    first = core.initial_state(len(x))
    x, _ = hk.dynamic_unroll(core, x.swapaxes(0, 1), first)
    x = hk.remat(hk.nets.MLP([4, 4]))(x)
    return hk.layer_stack(2)(lambda h: h + hk.Linear(4)(jnp.tanh(h)))(x)


def small(x):
    return hk.nets.MLP([5, 4])(x)


def normed(x, train=True):
    return hk.BatchNorm(False, False, 0.9)(x, train)


def drops(x):
    return small(hk.dropout(hk.next_rng_key(), 0.5, x))


CNN, RECURRENT, SMALL = hk.transform_with_state(cnn), hk.transform(recurrent), hk.transform(small)


@pytest.fixture(scope="module")
def weights(as_it_comes):
    """Name -> weights."""
    return {
        "cnn": drawn(jax.eval_shape(CNN.init, KEY, IMAGES)),
        "recurrent": drawn(jax.eval_shape(RECURRENT.init, KEY, X)),
        "small": drawn(jax.eval_shape(SMALL.init, KEY, X)),
    }


def test_gradients_are_those_of_the_function_bit_for_bit(weights):
    def apply(params, x):
        return RECURRENT.apply(params, None, x)

    own = weights["recurrent"]
    found, right = gradients_of_both(haiku_model(RECURRENT, own), apply, own, X)
    assert found == right


def test_gradients_in_train_mode_are_those_of_the_function_bit_for_bit(weights):
    params, state = weights["cnn"]

    def apply(params, x):
        return CNN.apply(params, state, None, x)[0]

    found, right = gradients_of_both(haiku_model(CNN, (params, state)), apply, params, IMAGES)
    assert found == right


def test_every_module_is_a_place(weights):
    found = places_of(haiku_model(RECURRENT, weights["recurrent"]), X)
    assert found == {
        "lstm.linear": (3, 2, 16),
        "lstm[0]": (3, 2, 4),
        "lstm[1].hidden": (3, 2, 4),
        "lstm[1].cell": (3, 2, 4),
        "mlp": (1, 3, 2, 4),
        "mlp.linear_0": (1, 3, 2, 4),
        "mlp.linear_1": (1, 3, 2, 4),
        "linear": (2, 3, 2, 4),
    }


def test_state_is_kept_in_buffers_and_updated_in_train_mode(weights):
    model = haiku_model(CNN, weights["cnn"])
    assert {"conv2_d.w", "batch_norm.scale", "mlp.linear_1.b"} <= set(model.parameters)
    names = {
        f"batch_norm.{part}_ema.{name}"
        for part in ("mean", "var")
        for name in ("average", "counter", "hidden")
    }
    assert set(model.buffers) == names
    assert statistics_of(model, IMAGES) == names
    still = hk.transform_with_state(functools.partial(cnn, train=False))
    assert statistics_of(haiku_model(still, weights["cnn"]), IMAGES) == set()
    own = function_model(lambda both, x: CNN.apply(*both, None, x), weights["cnn"])
    assert statistics_of(own, IMAGES) == names


def test_a_float64_run_is_one_throughout(weights):
    model = haiku_model(RECURRENT, weights["recurrent"])
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(model.call)(state_of(model, np.float64), X.astype(np.float64))
    assert digits(traced).narrowest == "float64"


@pytest.mark.parametrize(
    "form", [SMALL, hk.without_apply_rng(SMALL)], ids=["with a key", "without"]
)
def test_an_apply_may_take_a_key_or_none(form, weights):
    model = haiku_model(form, weights["small"])
    assert set(places_of(model, X)) == {"mlp.linear_0", "mlp.linear_1"}  # not the outermost


def without_bias(params):
    return {**params, "mlp/~/linear_1": {"w": params["mlp/~/linear_1"]["w"]}}


def with_wide_bias(params):
    return {**params, "mlp/~/linear_1": {**params["mlp/~/linear_1"], "b": X}}


WRONG = {
    "a leaf that lacks": (SMALL, without_bias, "expected mlp.linear_1.b among the weights"),
    "another shape": (
        SMALL,
        with_wide_bias,
        "expected mlp.linear_1.b of shape (4,), as the model makes of its inputs, got (2, 3, 4)",
    ),
    "no params": (SMALL, list, "expected Model(f, weights) with params as init returns, got list"),
    "a pair": (SMALL, lambda params: (params, {}), "leave the state out, or take hk.transform_w"),
    "params alone": (hk.transform_with_state(small), dict, "pair (params, state) as init returns"),
    "state that lacks": (
        hk.transform_with_state(functools.partial(normed, train=False)),
        lambda params: (params, {}),
        "expected state.batch_norm.mean_ema.average among the weights",
    ),
    "state that is begun": (
        hk.transform_with_state(normed),
        lambda params: (params, {}),
        "among the weights, which the forward updates, got none",
    ),
    "state of transform": (hk.transform(normed), dict, "a model without state"),
    "chance": (hk.transform(drops), dict, "expected a deterministic forward"),
    "several": (hk.multi_transform(lambda: (small, small)), dict, "expected one function"),
}


@pytest.mark.parametrize("name", WRONG)
def test_weights_that_do_not_fit_are_told(name, weights):
    transformed, spoil, message = WRONG[name]
    with pytest.raises(UsageError, match=f"^Haiku: .*{re.escape(message)}"):
        places_of(haiku_model(transformed, spoil(weights["small"])), X)


def test_an_apply_alone_is_told_what_to_give(weights):
    with pytest.raises(UsageError, match=r"give what hk\.transform returns in the place of its"):
        places_of(function_model(SMALL.apply, weights["small"]), X)


def test_haiku_is_not_loaded_to_find_out(monkeypatch):
    assert is_haiku(SMALL)
    assert is_haiku(CNN)
    assert not is_haiku((SMALL.init, SMALL.apply))
    monkeypatch.delitem(sys.modules, "haiku")
    assert not is_haiku(SMALL)
    assert "haiku" not in sys.modules
