"""Graphs are complete and tell the truth: every label and formula is evaluated."""

import functools
import itertools
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from compare.catalogue import DTYPES
from compare.errors import UsageError
from compare.graph import explain_network
from compare.graph.base import PARTS, STEPS
from compare.graph.torch_graph import torch_graph
from compare.graph.torch_network import network_of, plain_network
from compare.graph.torch_quantities import in_order, name_functions
from tests.support.graphs import CLOSE, evaluate, quantities, sample, solved
from tests.support.networks import ALL_ACTIVATIONS, NETWORKS
from torch_ref import ACTIVATIONS, MLP, convert

SIZES = {name: sizes for name, (sizes, _) in NETWORKS.items()}
EVERY = pytest.mark.parametrize(
    ("sizes", "activation"),
    [
        pytest.param(sizes, activation, id=f"{name}-{activation}")
        for (name, sizes), activation in itertools.product(SIZES.items(), ALL_ACTIVATIONS)
    ],
)


@functools.cache
def explain(sizes, activation):
    return explain_network(sizes, activation=activation)


def assert_explained(explained):
    for graph in (explained.torch, explained.jax):
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
        done = {name: i for i, name in enumerate(names)}
        assert all(done[edge.tail] < done[edge.head] for edge in graph.edges)
        assert {name for edge in graph.edges for name in edge} == set(names), "none stands alone"


@EVERY
def test_no_node_is_without_label_shape_or_explanation(sizes, activation):
    assert_explained(explain(sizes, activation))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=7),
    st.sampled_from(ALL_ACTIVATIONS),
    st.sampled_from(DTYPES),
)
def test_nor_is_one_of_any_other_network(sizes, activation, dtype):
    assert_explained(explain_network(sizes, activation=activation, dtype=dtype))


@EVERY
def test_every_quantity_has_its_node(sizes, activation):
    explained = explain(sizes, activation)
    layers = len(sizes) - 1
    hidden = [f"{kind}{i}" for i in range(1, layers) for kind in ("z", "h", "delta", "s")]
    each = [f"{kind}{i}" for i in range(1, layers + 1) for kind in ("w", "b", "dL/dw", "dL/db")]
    wanted = {"x", "y", "yhat", "loss", f"delta{layers}", *hidden, *each}
    jax = {one for node in explained.jax.nodes for one in node.label.split(" = ")}
    both_ways = [f"{node.label} = {node.gradient}" for node in explained.torch.nodes]
    torch_has = {one for text in both_ways for one in text.split(" = ")}
    assert wanted - jax == set()
    assert wanted - torch_has == set()


@EVERY
def test_labels_and_formulas_of_jax_are_what_its_equations_compute(sizes, activation):
    case = solved(sizes, activation)
    known = dict(case.known)
    for node in case.graph.nodes:
        value = case.values[node.name]
        assert value.shape == node.shape, node
        if re.fullmatch(r"u\d+", node.label):
            known[node.label] = value  # a name for an expression that is too long
        for text in (*node.label.split(" = "), node.formula):
            if text:
                np.testing.assert_allclose(evaluate(text, known), value, err_msg=str(node), **CLOSE)
        if node.shape != ():
            assert np.shape(evaluate(node.label.split(" = ")[0], known)) in (node.shape, ()), node


def handed(network):
    """Returns the graph of a loss and, by name, what backward hands to each node."""
    graph, of = torch_graph(network), name_functions(network)
    last = len(network.layer_sizes)
    functions = sorted(in_order(network.loss.grad_fn), key=lambda one: of[one].layer or last)
    nodes = [node for node in graph.nodes if node.part == "backward"]
    values, saved = {}, {}
    for node, function in zip(nodes, functions, strict=True):

        def keep(grads, name=node.name):
            values[name] = grads[0].numpy()

        function.register_prehook(keep)
        saved[node.name] = {
            key: getattr(function, key).detach().numpy()
            for key in ("_saved_self", "_saved_result", "_saved_mat1", "_saved_mat2")
            if isinstance(getattr(function, key, None), torch.Tensor)
        }
    network.loss.backward()
    return graph, values, saved


def assert_true_of_torch(network, known):
    graph, gradients, saved = handed(network)
    nodes = {node.name: node for node in graph.nodes}
    taken = {name: [nodes[e.tail] for e in graph.edges if e.head == name] for name in nodes}
    for node in graph.nodes:
        if node.part == "leaf":
            assert np.size(evaluate(node.label, known)) == np.prod(node.shape), node
            continue
        assert gradients[node.name].shape == node.shape, node
        for text in node.gradient.split(" = "):
            expected = shaped(evaluate(text, known), node.shape)
            np.testing.assert_allclose(gradients[node.name], expected, err_msg=str(node), **CLOSE)
        for text in (*node.label.split(" = "), node.formula):
            if text and not text.startswith("dL/") and node.kind != "AccumulateGrad":
                own = evaluate(node.label.split(" = ")[0], known)
                np.testing.assert_allclose(evaluate(text, known), own, err_msg=str(node), **CLOSE)
        for key, value in saved[node.name].items():
            # a parameter's own node is called by its gradient
            labels = [one.label.removeprefix("dL/d") for one in taken[node.name]]
            if key == "_saved_result":
                labels = [node.label]
            found = (evaluate(label.split(" = ")[0], known) for label in labels)
            fitting = [one for one in found if one.size == value.size]
            assert any(np.allclose(shaped(one, value.shape), value, **CLOSE) for one in fitting), (
                node,
                key,
            )


def shaped(value, shape):
    return np.full(shape, value) if value.ndim == 0 else value.reshape(shape)


def model_of(params, x, y, activation):
    model = MLP(
        [len(params[0].w), *(len(b) for _, b in params)], activation=activation, dtype=torch.float64
    )
    convert.load_params(model, params)
    return model, torch.tensor(x), torch.tensor(y)


def as_rows(case, activation):
    """The loss as torch makes it of a batch of one."""
    model, x, y = model_of(case.params, case.x[None], case.y[None], activation)
    loss = (model(x) - y).square().sum()
    return network_of(loss, x, y, dict(model.named_parameters()), activation)


@EVERY
def test_labels_of_torch_are_what_its_nodes_save_and_are_handed(sizes, activation):
    case = solved(sizes, activation)
    assert_true_of_torch(as_rows(case, activation), case.known)


def by_mv(model, x):
    for i, layer in enumerate(model.layers):
        x = torch.mv(layer.weight, x if i == 0 else model.activation(x)) + layer.bias
    return x


def by_product(model, x):
    for i, layer in enumerate(model.layers):
        x = (x if i == 0 else model.activation(x)) @ layer.weight.T + layer.bias
    return x


WRITTEN = {  # (what makes yhat, whether samples are rows, the loss)
    "a_vector": (lambda model, x: model(x), False, lambda yhat, y: (yhat - y).square().sum()),
    "mse_loss": (
        lambda model, x: model(x),
        True,
        lambda yhat, y: functional.mse_loss(yhat, y, reduction="sum"),
    ),
    "a_power": (lambda model, x: model(x), True, lambda yhat, y: ((yhat - y) ** 2).sum()),
    "mv": (by_mv, False, lambda yhat, y: (yhat - y).square().sum()),
    "a_product": (by_product, True, lambda yhat, y: (yhat - y).square().sum()),
    "a_product_of_a_vector": (by_product, False, lambda yhat, y: (yhat - y).square().sum()),
}


@pytest.mark.parametrize("activation", ["sigmoid", "silu", "identity"])
@pytest.mark.parametrize("written", WRITTEN)
def test_a_network_as_people_write_it(written, activation):
    forward, rows, squared_error = WRITTEN[written]
    params, x, y = sample((3, 4, 5, 2))
    model, x_one, y_one = model_of(params, x, y, activation)
    if rows:
        x_one, y_one = x_one[None], y_one[None]
    loss = squared_error(forward(model, x_one), y_one)
    network = network_of(loss, x_one, y_one, dict(model.named_parameters()), activation)
    assert_true_of_torch(network, quantities(params, x, y, activation))
    assert all(node.explanation for node in torch_graph(network).nodes)


def test_a_node_that_is_no_step_is_named():
    params, x, y = sample((2, 3, 1))
    model, x, y = model_of(params, x, y, "sigmoid")
    loss = (model(x[None]) - y).abs().sum()
    network = network_of(loss, x[None], y, dict(model.named_parameters()), "sigmoid")
    with pytest.raises(UsageError, match="got AbsBackward0, which takes yhat - y; draw a module"):
        torch_graph(network)


@EVERY
def test_the_rows_hold_every_node_once(sizes, activation):
    explained = explain(sizes, activation)
    cells = [node.name for row in explained.rows for node in row.torch]
    assert sorted(cells) == sorted(node.name for node in explained.torch.nodes)
    cells = [node.name for row in explained.rows for node in (*row.forward, *row.backward)]
    assert sorted(cells) == sorted(node.name for node in explained.jax.nodes)
    for row in explained.rows:
        assert row.torch, row.title
        assert row.forward, row.title
        assert row.explanation.endswith("."), row.title


@EVERY
def test_what_stands_beside_each_other_is_the_same_number(sizes, activation):
    """Whatever a torch node makes, a JAX equation of its row makes, or it has been handed it."""
    case = solved(sizes, activation)
    graph, gradients, _ = handed(as_rows(case, activation))

    def among(value, values):
        value = np.squeeze(value)
        return any(
            np.shape(one) == value.shape and np.allclose(one, value, **CLOSE)
            for other in map(np.squeeze, values)
            for one in (other, other.T)
        )

    for row in explain(sizes, activation).rows:
        forward, backward = ([case.values[node.name] for node in cell] for cell in row[2:4])
        for node in row.torch:
            label = node.label.split(" = ")[0]
            ways = [*forward, *backward] if node.kind == "AccumulateGrad" else forward
            assert among(evaluate(label, case.known), ways), (row.title, node)
            if node.part == "leaf":
                continue
            for edge in graph.edges:
                if edge.head == node.name and edge.tail in gradients:
                    given = [*backward, gradients[node.name]]
                    assert among(gradients[edge.tail], given), (row.title, node, edge)


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


@pytest.mark.parametrize(
    ("network", "options", "said"),
    [
        ((2,), {}, r"at least two positive sizes.*got \(2,\)"),
        ((2, 0, 1), {}, r"at least two positive sizes.*got \(2, 0, 1\)"),
        ("2,1", {}, "expected a torch.nn.Module or layer sizes such as .* got '2,1'"),
        (None, {}, "expected a torch.nn.Module or layer sizes such as .* got None"),
        ((2, 1), {"activation": "swish"}, "activation: expected one of sigmoid, .* got 'swish'"),
        ((2, 1), {"dtype": "int8"}, "dtype: expected one of float64, .* got 'int8'"),
        (module(nn.Dropout()), {}, "dropout changes what is computed"),
    ],
)
def test_what_cannot_be_drawn(network, options, said):
    with pytest.raises(UsageError, match=said):
        explain_network(network, **options)


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_formulas_of_activations_are_right(activation):
    from compare.graph.explanations import ACTIVATIONS as EXPLAINED

    value, slope = EXPLAINED[activation]
    z = np.linspace(-3, 3, 13)
    z = z[z != 0]  # where relu has no slope
    tensor = torch.tensor(z, requires_grad=True)
    h = ACTIVATIONS[activation](tensor)
    h.sum().backward()
    t = np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))
    known = {"z": z, "h": h.detach().numpy(), "t": t, "log": np.log, "tanh": np.tanh}
    known["max"] = np.maximum
    slope = slope.replace("1 where z > 0, else 0", "where(z > 0, 1, 0)")
    got = evaluate(value.partition(" with ")[0], known)
    np.testing.assert_allclose(got, known["h"], rtol=1e-12, atol=1e-15)
    # 3 * 0.044715 is written out, and the other constant is printed to six digits
    got = evaluate(slope, known)
    np.testing.assert_allclose(got * np.ones_like(z), tensor.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_a_plain_network_is_a_batch_of_one():
    network = plain_network((2, 3, 1), "sigmoid")
    assert network.x.shape == (1, 2)
    assert network.dtype == "float32"
