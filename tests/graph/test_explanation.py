"""Every node is explained, for whatever network there is."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from compare.catalogue import BIASES, DTYPES, ENDS
from compare.errors import UsageError
from compare.graph import explain_network
from compare.graph.base import PARTS, STEPS
from tests.support.graphs import EVERY, EVERY_END, explain
from tests.support.module_forms import FORMS
from tests.support.networks import ALL_ACTIVATIONS


def assert_explained(explained):
    for graph in filter(None, (explained.torch, explained.jax)):
        names = [node.name for node in graph.nodes]
        assert len(set(names)) == len(names)
        for node in graph.nodes:
            assert node.label, node
            assert node.part in PARTS, node
            assert node.step in STEPS, node
            assert all(n >= 1 for n in node.shape), node
            assert re.fullmatch(r"[A-Za-z].{15,}[^.]\.", node.explanation), node
            assert not re.search(r"[{}]|primitive", node.explanation), node
            assert node.part == "leaf" or node.formula or node.gradient, node
            assert "of L =" not in node.explanation or explained.formula in node.explanation, node
        done = {name: i for i, name in enumerate(names)}
        assert all(done[edge.tail] < done[edge.head] for edge in graph.edges)
        assert {name for edge in graph.edges for name in edge} == set(names), "none stands alone"


@EVERY
def test_no_node_is_without_label_shape_or_explanation(network):
    assert_explained(explain(network))


@EVERY_END
def test_nor_is_one_of_any_end(network):
    assert_explained(explain(network))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=7),
    st.sampled_from(ALL_ACTIVATIONS),
    st.sampled_from(DTYPES),
    st.sampled_from(ENDS),
    st.sampled_from([0.0, 0.01]),
    st.sampled_from(BIASES),
)
def test_nor_is_one_of_any_other_network(sizes, activation, dtype, end, l2, bias):
    output, loss = end
    sizes[-1] += output == "softmax"
    options = {"output": output, "loss": loss, "l2": l2, "bias": bias}
    assert_explained(explain_network(sizes, activation=activation, dtype=dtype, **options))


@EVERY
def test_every_quantity_has_its_node(network):
    assert_all_there(network)


@EVERY_END
def test_every_quantity_of_every_end_has_its_node(network):
    assert_all_there(network)


def assert_all_there(network):
    explained, layers = explain(network), network.n_layers
    hidden = [f"{kind}{i}" for i in range(1, layers) for kind in ("z", "h", "delta", "s")]
    each = [f"{kind}{i}" for i in range(1, layers + 1) for kind in ("w", "dL/dw")]
    biases = [i + 1 for i in range(layers) if network.has_bias(i)]
    each += [f"{kind}{i}" for i in biases for kind in ("b", "dL/db")]
    wanted = {"x", "y", "loss", f"delta{layers}", *hidden, *each}
    if network.loss not in ("cross_entropy", "binary_cross_entropy"):
        wanted |= {"yhat"} | ({"dL/dyhat"} if network.output != "linear" else set())
    jax = {one for node in explained.jax.nodes for one in node.label.split(" = ")}
    both_ways = [f"{node.label} = {node.gradient}" for node in explained.torch.nodes]
    torch_has = {one.removesuffix(".T") for text in both_ways for one in text.split(" = ")}
    assert wanted - jax == set()
    assert wanted - torch_has == set()


def module(*parts):
    return nn.Sequential(nn.Linear(2, 4), *parts, nn.Linear(4, 3))


@pytest.mark.parametrize(
    ("network", "name"),
    [
        (module(nn.Tanh()), "2-4-3 tanh"),
        (module(nn.ReLU(inplace=True)), "2-4-3 relu"),
        (module(nn.GELU("tanh")).double(), "2-4-3 gelu"),
        (module(), "2-4-3 identity"),
        (nn.Linear(3, 1), "3-1 identity"),
        (nn.DataParallel(module(nn.SiLU())), "2-4-3 silu"),
        (np.array([2, 3, 1]), "2-3-1 sigmoid"),
        (FORMS["activations by layer"].make(), "3-4-2-2 relu,tanh"),
        (FORMS["a tuple with more than the output"].make(), "3-4-2 relu"),
        (FORMS["slopes with numbers"].make(), "3-4-2-2 leaky_relu:0.2,elu:0.5"),
    ],
)
def test_whatever_a_user_has(network, name):
    explained = explain_network(network)
    assert explained.name == name
    assert_explained(explained)


def test_a_module_is_left_as_it_was():
    own = module(nn.Tanh())
    own[0].weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in own.state_dict().items()}
    explained = explain_network(own)
    assert all(torch.equal(before[name], tensor) for name, tensor in own.state_dict().items())
    assert all(p.grad is None for p in own.parameters())
    assert not own[0].weight.requires_grad
    assert any("0.weight" in node.explanation for node in explained.torch.nodes)


def test_what_is_set_around_the_call_changes_nothing():
    model = module(nn.Tanh())
    plain, own = explain_network((2, 4, 3)), explain_network(model)
    with torch.inference_mode(), torch.autocast("cpu"):
        assert explain_network((2, 4, 3)) == plain
        assert explain_network(model) == own


@pytest.mark.parametrize(
    ("network", "options", "said"),
    [
        ((2,), {}, r"at least two positive sizes.*got \(2,\)"),
        ((2, 0, 1), {}, r"at least two positive sizes.*got \(2, 0, 1\)"),
        ("2,1", {}, "expected a torch.nn.Module or layer sizes such as .* got '2,1'"),
        (None, {}, "expected a torch.nn.Module or layer sizes such as .* got None"),
        ((2, 1), {"activation": "swish"}, "activation: expected one of sigmoid, .* got 'swish'"),
        ((2, 1), {"dtype": "int8"}, "dtype: expected one of float64, .* got 'int8'"),
        (module(), {"input_shape": 5}, r"input_shape: expected sizes such as \(3, 32, 32\), got 5"),
        ((2, 1), {"l2": -1}, "l2: expected a number of at least 0, got -1"),
        ((2, 1), {"output": "softmax"}, "output: expected at least two outputs of a softmax"),
        (module(), {"output": "tanh"}, "output: the module has linear, got 'tanh'; leave it out"),
        (module(), {"dtype": "float64"}, "dtype: the module has float32, got 'float64'"),
    ],
)
def test_what_cannot_be_drawn(network, options, said):
    with pytest.raises(UsageError, match=said):
        explain_network(network, **options)
