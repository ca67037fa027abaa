"""torch's graph tells the truth: of every node what it takes and what it is handed."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from compare.errors import UsageError
from compare.graph.torch.graph import torch_graph
from compare.graph.torch.network import network_of, plain_network
from tests.support.graphs import (
    CLOSE,
    EVERY,
    as_rows,
    evaluate,
    handed,
    model_of,
    quantities,
    sample,
    solved,
)


def assert_true_of_torch(network, known):
    graph, gradients, saved = handed(network)
    nodes = {node.name: node for node in graph.nodes}
    taken = {name: [nodes[e.tail] for e in graph.edges if e.head == name] for name in nodes}
    for node in graph.nodes:
        if node.part == "leaf":
            assert np.size(evaluate(node.label, known)) == np.prod(node.shape), node
            continue
        assert gradients[node.name].shape == node.shape, node
        for text in filter(None, node.gradient.split(" = ")):
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


@EVERY
def test_labels_of_torch_are_what_its_nodes_save_and_are_handed(sizes, activation):
    case = solved(sizes, activation)
    assert_true_of_torch(as_rows(case, activation), case.known)


def by_mv(model, x):
    for i, layer in enumerate(model.layers):
        x = torch.mv(layer.weight, x if i == 0 else model.activations[0](x)) + layer.bias
    return x


def by_product(model, x):
    for i, layer in enumerate(model.layers):
        x = (x if i == 0 else model.activations[0](x)) @ layer.weight.T + layer.bias
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
    network = network_of(loss, x_one, y_one, dict(model.named_parameters()), (activation,) * 2)
    assert_true_of_torch(network, quantities(params, x, y, activation))
    assert all(node.explanation for node in torch_graph(network).nodes)


def test_a_node_that_is_no_step_is_named():
    params, x, y = sample((2, 3, 1))
    model, x, y = model_of(params, x, y, "sigmoid")
    loss = (model(x[None]) - y).abs().sum()
    network = network_of(loss, x[None], y, dict(model.named_parameters()), ("sigmoid",))
    with pytest.raises(UsageError, match=r"AbsBackward0, which takes yhat - y; compare.run"):
        torch_graph(network)


def test_a_plain_network_is_a_batch_of_one():
    network = plain_network((2, 3, 1), ("sigmoid",))
    assert network.x.shape == (1, 2)
    assert network.dtype == "float32"
