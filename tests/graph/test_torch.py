"""torch's graph tells the truth: of every node what it takes and what it is handed."""

import re

import numpy as np

from compare.graph.torch.network import plain_network
from tests.support.graphs import CLOSE, EVERY, EVERY_END, evaluate, handed, solved, traced


def assert_true_of_torch(network, known):
    graph, gradients, saved = handed(network)
    known = dict(known)
    nodes = {node.name: node for node in graph.nodes}
    taken = {name: [nodes[e.tail] for e in graph.edges if e.head == name] for name in nodes}
    for node in graph.nodes:
        if node.part == "leaf":
            assert np.size(evaluate(node.label, known)) == np.prod(node.shape), node
            continue
        if re.fullmatch(r"u\d+", node.label):
            known[node.label] = evaluate(node.formula, known)
        assert gradients[node.name].shape == node.shape, node
        for text in filter(None, node.gradient.split(" = ")):
            if re.match(r"part of|dL/d([a-z]+\(|\(|u\d)", text):
                continue  # whatever it is, it is called so
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
def test_labels_of_torch_are_what_its_nodes_save_and_are_handed(network):
    case = solved(network)
    assert_true_of_torch(traced(network, case), case.known)


@EVERY_END
def test_of_every_end_too(network):
    case = solved(network)
    assert_true_of_torch(traced(network, case), case.known)


def test_a_plain_network_is_a_batch_of_one():
    network = plain_network(next(iter(EVERY.args[1])).values[0])
    assert network.recording.given["x"].shape == (1, 2)
    assert network.dtype == "float32"
