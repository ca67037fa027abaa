"""`compare_functions`: programs that have weights of their own, by names of their own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn

from compare import Model, UsageError, compare_functions

torch.manual_seed(0)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)).astype(np.float32)
IMAGES = RNG.normal(size=(2, 3, 5, 5)).astype(np.float32)
LAYERS = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))
CONV = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())


def converted(state):
    """Turns the weights of LAYERS into a tree as people have them in JAX."""
    return {
        "first": {"kernel": state["0.weight"].T, "bias": state["0.bias"]},
        "last": {"kernel": state["2.weight"].T, "bias": state["2.bias"]},
    }


def forward(weights, x):
    h = jnp.tanh(x @ weights["first"]["kernel"] + weights["first"]["bias"][None])
    return h @ weights["last"]["kernel"] + weights["last"]["bias"][None]


def without_half(weights, x):
    return forward(weights, x / 2)


def images_last(weights, images):
    dims = ("NHWC", "HWIO", "NHWC")
    made = jax.lax.conv_general_dilated(
        images, weights["kernel"], (1, 1), "SAME", dimension_numbers=dims
    )
    return jax.nn.relu(made + weights["bias"][None, None, None])


def arrays_of(module):
    return {name: one.detach().numpy() for name, one in module.state_dict().items()}


PORT = Model(forward, converted(arrays_of(LAYERS)))
CONV_PORT = Model(
    images_last,
    {
        "kernel": arrays_of(CONV)["0.weight"].transpose(2, 3, 1, 0),
        "bias": arrays_of(CONV)["0.bias"],
    },
)


NOT_LOADED = {**PORT.weights, "last": {**PORT.weights["last"], "bias": np.zeros(2, np.float32)}}


@pytest.fixture(scope="module")
def report():
    candidates = {
        "port": PORT,
        "wrong": Model(without_half, PORT.weights),
        "converted": Model(forward, converted),
        "not loaded": Model(forward, NOT_LOADED),
        "module": Other(),
    }
    return compare_functions(LAYERS, candidates, X)


def test_a_port_needs_no_map(report):
    port = report.candidates[0]
    assert (port.verdict, port.basis) == ("agree", "certificate")
    assert port.recorded == port.places == 6
    assert {one.name for one in port.checks if one.kind == "gradient"} == {
        *("0.weight", "0.bias", "2.weight", "2.bias", "args[0]")
    }
    pairs = {one.name: (one.sources, one.layout) for one in port.weights.pairs}
    assert pairs["first.kernel"] == (("0.weight",), "transposed")
    assert pairs["last.bias"] == (("2.bias",), "")
    assert port.weights.wrong == port.weights.kept == port.weights.unused == ()


def test_a_mistake_in_a_port_is_placed(report):
    wrong = report.candidates[1]
    assert wrong.verdict == "disagree"
    assert wrong.sentence.startswith("forward, between `args[0]` and `0`")


def test_weights_are_told_on_screen_in_json_and_on_the_page(report):
    assert "weights of port     all 4 have their place in the reference" in str(report)
    document = report.to_json()
    assert '"layout": "transposed"' in document
    assert "Weights of port" in report._repr_html_() or "transposed" in report._page("")


def test_a_torch_module_may_be_the_port():
    found = compare_functions(PORT, LAYERS, X).candidates[0]
    assert found.verdict == "agree"
    assert {one.name for one in found.checks if one.kind == "gradient"} == {
        *("first.kernel", "first.bias", "last.kernel", "last.bias", "args[0]")
    }


class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = LAYERS[0], LAYERS[2]

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


def test_a_module_of_other_names_is_a_port_too(report):
    assert report.candidates[4].verdict == "agree"


def test_channels_may_be_last_and_inputs_made_by_a_function():
    def last(images):
        return images.transpose(0, 2, 3, 1)

    made = Model(lambda w, x: images_last(w, x).transpose(0, 3, 1, 2), CONV_PORT.weights, last)
    port, own = compare_functions(CONV, {"port": CONV_PORT, "made": made}, IMAGES).candidates
    assert port.verdict == "agree"
    assert "it is called with channels last" in port.remarks
    assert (own.verdict, own.recorded) == ("agree", own.places)


def test_a_conversion_may_make_the_weights(report):
    found = report.candidates[2]
    assert (found.verdict, found.weights.wrong) == ("agree", ())


def test_weights_that_were_not_loaded_are_told_first(report):
    found = report.candidates[3]
    assert (found.verdict, found.basis) == ("disagree", "weights")
    assert found.sentence.startswith("`last.bias`")
    assert "with the weights of the reference in their places it agrees" in found.sentence


REFUSED = {
    "a reference without weights": (
        (lambda x: jnp.sum(x), PORT, X),
        "candidate: expected a reference with weights",
    ),
    "inputs of a reference": (
        (Model(forward, PORT.weights, inputs=lambda x: x), LAYERS, X),
        "reference: inputs: expected none",
    ),
    "a conversion as the reference": (
        (Model(forward, converted), LAYERS, X),
        "reference: weights: expected arrays, got a conversion",
    ),
    "a conversion that raises": (
        (LAYERS, Model(forward, lambda state: state["nope"]), X),
        "candidate: conversion: raised: KeyError: 'nope'; it gets arrays of NumPy in a dict, by",
    ),
    "a conversion that returns nothing": (
        (LAYERS, Model(forward, lambda state: None), X),
        "candidate: conversion: expected it to return weights, got None",
    ),
    "a function without weights": ((LAYERS, Model(forward), X), "expected weights beside"),
    "another number of outputs": (
        (LAYERS, Model(lambda w, x: (forward(w, x), x), PORT.weights), X),
        "candidate: expected what the reference returns, output, got",
    ),
    "a shape that does not fit": (
        (LAYERS, Model(lambda w, x: forward(w, x)[:, :1], PORT.weights), X),
        "candidate: output: expected the shape (3, 2)",
    ),
    "what raises": (
        (LAYERS, Model(lambda w, x: forward(w, x[:, :3]), PORT.weights), X),
        "candidate: cannot be called",
    ),
    "weights beside a torch module": (
        (LAYERS, Model(LAYERS, PORT.weights), X),
        "weights: expected none beside a torch module",
    ),
}


@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_in_a_sentence(given, said):
    with pytest.raises(UsageError) as raised:
        compare_functions(*given)
    assert said in str(raised.value).partition("\n")[0]


def test_weights_that_are_computed_of_those_of_the_reference_are_not_accused():
    halves = {**PORT.weights, "first": {k: w / 3 for k, w in PORT.weights["first"].items()}}

    def tripled(weights, x):
        first = {name: 3 * w for name, w in weights["first"].items()}
        return forward({**weights, "first": first}, x)

    squares = {**halves, "first": {k: w**3 for k, w in PORT.weights["first"].items()}}

    def rooted(weights, x):
        first = {name: jnp.cbrt(w) for name, w in weights["first"].items()}
        return forward({**weights, "first": first}, x)

    assert compare_functions(LAYERS, Model(tripled, halves), X).candidates[0].verdict != "disagree"
    found = compare_functions(LAYERS, Model(rooted, squares), X).candidates[0]
    assert found.verdict == "undecided"
    assert "with its own weights it has the outputs of the reference" in found.sentence


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_weights_of_a_port_are_rounded_with_those_of_the_reference(dtype):
    port = compare_functions(LAYERS, PORT, X, dtype=dtype).candidates[0]
    assert port.verdict == "agree"
    assert port.weights.wrong == ()


class Norms(nn.Module):
    """Two norms that were never trained, used in the order of their names, and a linear layer."""

    def __init__(self, declared, layer):
        super().__init__()
        for name in declared:
            setattr(self, name, nn.LayerNorm(4))
        setattr(self, layer, nn.Linear(4, 4))
        self.used = *sorted(declared), layer

    def forward(self, x):
        first, last, layer = map(self.get_submodule, self.used)
        h = x + torch.tanh(layer(first(x)))
        return h + last(h) ** 2


def test_norms_that_may_have_been_taken_for_each_other_are_not_called_wrong():
    reference, port = Norms(("norm_1", "norm_2"), "layer"), Norms(("b", "a"), "linear")
    port.linear.load_state_dict(reference.layer.state_dict())
    found = compare_functions(reference, port, torch.from_numpy(X)).candidates[0]
    assert (found.verdict, found.reason) == ("undecided", None)
    assert "told apart by their order alone" in found.sentence


def test_of_several_ways_to_call_a_port_that_which_is_right_is_taken():
    cube = RNG.normal(size=(2, 3, 3, 3)).astype(np.float32)
    conv = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())
    kernel = arrays_of(conv)["0.weight"].transpose(2, 3, 1, 0)
    port = Model(images_last, {"kernel": kernel, "bias": arrays_of(conv)["0.bias"]})
    found = compare_functions(conv, port, cube).candidates[0]
    assert (found.verdict, found.remarks) == ("agree", ("it is called with channels last",))


def test_weights_that_are_computed_wrongly_are_accused():
    cubes = {name: 1.01 * w**3 for name, w in PORT.weights["first"].items()}

    def rooted(weights, x):
        first = {name: jnp.cbrt(w) for name, w in weights["first"].items()}
        return forward({**weights, "first": first}, x)

    wrong = Model(rooted, {**PORT.weights, "first": cubes})
    assert compare_functions(LAYERS, wrong, X).candidates[0].verdict == "disagree"
