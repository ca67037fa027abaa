"""Weights, and gradients of them, in the trees in which frameworks keep them."""

import collections
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from compare import CallStyle, Detail, UsageError, compare_gradients
from compare.testing import assert_gradients_agree
from jaxmlp import init_params
from tests.support import backwards

SIZES = (2, 3, 3, 1)
PARAMS = init_params(np.random.default_rng(0), SIZES)
X = np.random.default_rng(1).random((3, 2)).astype(np.float32)


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Dense:
    """A layer as Equinox has it."""

    weight: Any  # [out, in]
    bias: Any
    in_features: int = dataclasses.field(metadata={"static": True})
    out_features: int = dataclasses.field(metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Module:
    """A network as Equinox has it: its activation is a leaf of the tree."""

    activation: Any
    layers: tuple


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Variable:
    """An array as Flax's nnx keeps it."""

    value: Any

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.value, dtype)


class Plain:
    """A network of somebody's own, in no library's tree."""

    def __init__(self, params):
        self.w, self.b = [w for w, _ in params], [b for _, b in params]
        self.sizes = SIZES


Affine = collections.namedtuple("Affine", ["bias", "weight"])


def equinox(params):
    layers = tuple(Dense(w.T, b, *w.shape) for w, b in params)
    return Module(jax.nn.sigmoid, layers)


def of_many(grads):
    return Module(None, tuple(Dense(w.swapaxes(1, 2), b, 0, 0) for w, b in grads))


def torch_layers(params):
    layers = [torch.nn.Linear(*w.shape) for w, _ in params]
    for layer, (w, b) in zip(layers, params, strict=True):
        layer.weight.data, layer.bias.data = torch.tensor(w.T.copy()), torch.tensor(b)
    return layers


def numbered(name, items):
    return {name.format(i): item for i, item in enumerate(items)}


def state_dict(params):
    return torch.nn.Sequential(*torch_layers(params)).state_dict()


# name -> (the tree of a list of (w, b), its inverse, what candidates are given)
TREES = {
    "flax": (
        lambda p: {"params": numbered("Dense_{}", [{"kernel": w, "bias": b} for w, b in p])},
        lambda t: [(one["kernel"], one["bias"]) for one in t["params"].values()],
    ),
    "flax_made_backwards": (
        lambda p: {f"Dense_{2 - i}": {"bias": b, "kernel": w} for i, (w, b) in enumerate(p)},
        lambda t: [(t[f"Dense_{2 - i}"]["kernel"], t[f"Dense_{2 - i}"]["bias"]) for i in range(3)],
    ),
    "nnx": (
        lambda p: numbered("l{}", [{"kernel": Variable(w), "bias": Variable(b)} for w, b in p]),
        lambda t: [(one["kernel"].value, one["bias"].value) for one in t.values()],
    ),
    "equinox": (equinox, lambda t: [(one.weight.T, one.bias) for one in t.layers]),
    "haiku": (
        lambda p: numbered("mlp/~/linear_{}", [{"w": w, "b": b} for w, b in p]),
        lambda t: [(one["w"], one["b"]) for one in t.values()],
    ),
    "dict": (
        lambda p: numbered("W{}", [w for w, _ in p]) | numbered("b{}", [b for _, b in p]),
        lambda t: [(t[f"W{i}"], t[f"b{i}"]) for i in range(3)],
    ),
    "lists_by_name": (
        lambda p: {"weights": [w for w, _ in p], "biases": [b for _, b in p]},
        lambda t: list(zip(t["weights"], t["biases"], strict=True)),
    ),
    "list_of_dicts": (
        lambda p: [{"w": w, "b": b} for w, b in p],
        lambda t: [(one["w"], one["b"]) for one in t],
    ),
    "namedtuples": (
        lambda p: [Affine(weight=w, bias=b) for w, b in p],
        lambda t: [(one.weight, one.bias) for one in t],
    ),
    "flat": (
        lambda p: [leaf for layer in p for leaf in layer],
        lambda t: list(zip(t[::2], t[1::2], strict=True)),
    ),
    "plain_object": (Plain, lambda t: list(zip(t.w, t.b, strict=True))),
}


def same(kind, pairs):
    return TREES[kind][0](pairs)


def one_wrong(pairs):
    changed = [list(map(np.array, pair)) for pair in pairs]
    changed[1][0][2, 1] += np.float32(0.01) + np.abs(changed[1][0][2, 1])
    return changed


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("kind", TREES)
def test_a_candidate_takes_and_returns_the_users_own_tree(kind):
    make, inverse = TREES[kind]

    def backward(change, tree, x, y):
        assert type(tree) is type(make(PARAMS))
        return make(change(backwards.right(inverse(tree), x, y)))

    options = {"implementations": ["numpy_manual"]}
    tree = make(PARAMS)
    right = compare_gradients(tree, X, candidates=[lambda *a: backward(list, *a)], **options)
    assert right.verdict == "agree", right.reason
    wrong = compare_gradients(tree, X, candidates=[lambda *a: backward(one_wrong, *a)], **options)
    assert wrong.verdict == "disagree"
    assert "w2[" in wrong.reason or "layer 2" in wrong.reason, wrong.reason


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("kind", TREES)
def test_gradients_that_exist_come_in_the_same_tree(kind):
    make = TREES[kind][0]
    y = (X**2).mean(axis=1, keepdims=True)
    pairs = backwards.batched(PARAMS, X, y)
    wrong = [list(map(np.array, pair)) for pair in pairs]
    wrong[1][0][1, 2, 1] *= 2
    options = {"implementations": ["numpy_manual"]}
    tree = make(PARAMS)
    make = of_many if kind == "equinox" else make
    assert_gradients_agree(tree, X, y, gradients={"mine": make(pairs)}, **options)
    report = compare_gradients(tree, X, y, gradients={"mine": make(wrong)}, **options)
    assert report.verdict == "disagree"


def test_torch_layers_are_given_back_and_their_grads_are_read():
    def backward(layers, x, y):
        h = x
        for i, layer in enumerate(layers):
            h = layer(h) if i == 2 else torch.sigmoid(layer(h))
        ((h - y) ** 2).sum().backward()
        return layers

    own = torch_layers(PARAMS)
    options = {"call_style": CallStyle(arrays="torch"), "implementations": ["numpy_manual"]}
    assert compare_gradients(own, X, candidates=[backward], **options).verdict == "agree"
    assert all(layer.weight.grad is None for layer in own)

    def doubled(layers, x, y):
        backward(layers, x, y)
        layers[1].bias.grad[0] *= 2
        return layers

    assert compare_gradients(own, X, candidates=[doubled], **options).verdict == "disagree"


def test_a_state_dict_goes_through_functional_call():
    net = torch.nn.Sequential(
        *(one for layer in torch_layers(PARAMS) for one in (layer, torch.nn.Sigmoid()))
    )[:-1]

    def backward(state, x, y):
        def loss(state):
            return ((torch.func.functional_call(net, state, x) - y) ** 2).sum()

        return torch.func.grad(loss)(state)

    options = {"call_style": CallStyle(arrays="torch"), "implementations": ["numpy_manual"]}
    report = compare_gradients(net.state_dict(), X, candidates=[backward], **options)
    assert report.verdict == "agree", report.reason
    assert report.weights.reading.layout == "out_in"


def test_a_square_matrix_is_out_in_where_it_is_that_of_torch():
    params = init_params(np.random.default_rng(0), (2, 2, 2))
    tree = state_dict(params)
    report = compare_gradients(tree, X, implementations=["jax_grad", "numpy_manual"])
    pairs = compare_gradients(list(params), X, implementations=["jax_grad", "numpy_manual"])
    assert report.weights.reading.layout == "out_in"
    assert report.pairs[0].quantities == pairs.pairs[0].quantities


@pytest.mark.parametrize("without", [0, 2])
def test_a_layer_of_a_module_may_have_no_bias(without):
    model = equinox(PARAMS)
    model.layers[without].bias = None

    def backward(model, x, y):
        pairs = [(one.weight.T, 0 if one.bias is None else one.bias) for one in model.layers]
        grads = equinox(backwards.right(pairs, x, y))
        grads.layers[without].bias = None
        return grads

    report = compare_gradients(model, X, candidates=[backward], implementations=["numpy_manual"])
    assert report.verdict == "agree", report.reason
    assert report.weights.reading.words.endswith(f"no bias in layer {without + 1}")


def test_an_update_comes_in_the_tree_too():
    make, inverse = TREES["haiku"]

    def step(tree, x, y):
        grads = make(backwards.right(inverse(tree), x, y))
        return jax.tree.map(lambda w, g: w - np.float32(0.5) * g, tree, grads)

    report = compare_gradients(
        make(PARAMS),
        X,
        candidates=[step],
        call_style=CallStyle(returns="update", learning_rate=0.5),
        implementations=["numpy_manual"],
    )
    assert report.verdict == "agree", report.reason


class Raising:
    def __getattr__(self, name):
        raise KeyError(name)


W, B = np.ones((2, 1)), np.ones(1)
HELD: dict = {"w1": W, "b1": B}
HELD["self"] = HELD
# what is wrong -> (params, the sentence)
BAD = {
    "nothing": ({}, "expected a list of .w, b., a tree of arrays with names, or .* got dict"),
    "no_names": ({"alpha": W, "beta": B}, "params: expected .* got dict$"),
    "text": ({"w1": "W", "b1": "b"}, "params: expected .* got dict$"),
    "one_more": ({"w1": W, "b1": B, "scale": W}, "no other array, .*found w1 .*scale"),
    "itself": (HELD, "params: expected a list .* got dict$"),
    "raising": (Raising(), "params: expected a list of .* got Raising$"),
    "unchained": ({"w1": W, "b1": B, "w2": W, "b2": B}, "params, read as in_out: "),
    "not_finite": ({"a": {"w": W * np.nan, "b": B}}, "params: a/w has entries that are not f"),
    "ragged": ({"w1": [[1.0], [1.0, 2.0]], "b1": B}, "params: w1: expected an array of numbers: "),
    "not_of_dtype": (
        {"l": {"w": W / 3, "b": B}},
        "params: l/w: its float64 values do not all",
    ),
    "three_of_a_layer": ([W, B, W], "params: expected .w, b. for layer 2, got 1 items"),
    "shapes": ({"w": jax.ShapeDtypeStruct((2, 1), "float32"), "b": B}, "for every layer"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_tree_of_weights_is_one_sentence(case):
    params, words = BAD[case]
    with pytest.raises(UsageError, match=words) as caught:
        compare_gradients(params, X, dtype="float32")
    assert "\n" not in str(caught.value)


def test_a_candidate_that_expects_a_list_is_told_what_it_was_given():
    tree = TREES["flax"][0](PARAMS)

    def backward(params, x, y):
        (w1, b1), *_ = params
        return w1 @ x + b1

    words = r"it was given \(params, x, y\): params with params/Dense_0/kernel \[2, 3\], params/Den"
    with pytest.raises(UsageError, match=words):
        compare_gradients(tree, X, candidates=[backward])


def test_the_trees_of_the_libraries_themselves():
    """What is installed of them; the stand-ins above have their shapes."""
    nn = pytest.importorskip("flax.linen")
    model = nn.Sequential([nn.Dense(3), nn.sigmoid, nn.Dense(1)])
    params = model.init(jax.random.key(0), jnp.ones(2))

    def backward(params, x, y):
        return jax.grad(lambda params: ((model.apply(params, x) - y) ** 2).sum())(params)

    assert_gradients_agree(params, X, candidates=[backward], call_style=CallStyle(arrays="jax"))


def test_a_module_of_equinox_itself():
    eqx = pytest.importorskip("equinox")
    model = eqx.nn.MLP(2, 2, 2, 2, activation=jax.nn.sigmoid, key=jax.random.key(0))
    y = np.random.default_rng(2).random((3, 2)).astype(np.float32)

    def backward(model, x, y):
        return eqx.filter_grad(lambda model: ((model(x) - y) ** 2).sum())(model)

    assert_gradients_agree(model, X, y, candidates=[backward], call_style=CallStyle(arrays="jax"))


def test_the_parameters_of_haiku_itself():
    hk = pytest.importorskip("haiku")
    model = hk.without_apply_rng(
        hk.transform(lambda x: hk.Linear(1)(jax.nn.sigmoid(hk.Linear(3)(x))))
    )
    params = model.init(jax.random.key(0), jnp.ones(2))

    def backward(params, x, y):
        return jax.grad(lambda params: ((model.apply(params, x) - y) ** 2).sum())(params)

    assert_gradients_agree(params, X, candidates=[backward], call_style=CallStyle(arrays="jax"))


def logistic(params, x, y):
    w, b = params["w"], params["b"]
    error = 1 / (1 + np.exp(-(x @ w + b))) - y
    return {"w": np.outer(x, error), "b": float(error[0])}


@pytest.mark.parametrize("bias", [0.5, 0, np.float64(0.5), np.array(0.5), np.array([0.5])])
def test_the_bias_of_one_unit_may_be_a_number(bias):
    options = {"output": "sigmoid", "loss": "binary_cross_entropy", "detail": Detail(witness=0)}
    params, y = {"w": PARAMS[-1].w.astype(np.float64), "b": bias}, np.array([[1.0], [0.0]])
    x, beside = np.random.default_rng(1).normal(size=(2, 3)), {"implementations": ["numpy_manual"]}
    report = compare_gradients(params, x, y, candidates=[logistic], **options, **beside)
    assert report.verdict == "agree", report.reason
    assert report.weights.reading.words == "layers w (in_out)"


def test_a_number_beside_arrays_is_a_setting():
    net = Plain(PARAMS)
    net.b1, net.eps = 0.9, 1e-8

    def backward(net, x, y):
        assert (net.b1, net.eps) == (0.9, 1e-8)
        return [*map(tuple, backwards.right(list(zip(net.w, net.b, strict=True)), x, y))]

    assert_gradients_agree(net, X, candidates=[backward], implementations=["numpy_manual"])
