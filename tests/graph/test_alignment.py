"""What stands beside each other in torch and in JAX is the same."""

import numpy as np
import pytest

from tests.support.graphs import (
    CLOSE,
    ENDS,
    EVERY,
    EVERY_END,
    evaluate,
    explain,
    handed,
    solved,
    traced,
)


def assert_every_node_is_in_a_row(network):
    explained = explain(network)
    cells = [node.name for row in explained.rows for node in row.torch]
    assert sorted(cells) == sorted(node.name for node in explained.torch.nodes)
    cells = [node.name for row in explained.rows for node in (*row.forward, *row.backward)]
    assert sorted(cells) == sorted(node.name for node in explained.jax.nodes)
    for row in explained.rows:
        assert row.torch, row.title
        assert row.forward, row.title
        assert row.explanation.endswith("."), row.title


@EVERY
def test_the_rows_hold_every_node_once(network):
    assert_every_node_is_in_a_row(network)


@EVERY_END
def test_of_every_end_too(network):
    assert_every_node_is_in_a_row(network)


# of most ends the loss is computed in other steps: as a whole they are the same
@pytest.mark.parametrize("name", ["no bias, l2", "some biases", "slopes", "identities"])
def test_the_layers_of_other_networks_too(name):
    assert_rows_are_the_same(ENDS[name], but=("loss", "L2", "w1", "w2"))


@EVERY
def test_what_stands_beside_each_other_is_the_same_number(network):
    assert_rows_are_the_same(network)


def assert_rows_are_the_same(network, but=()):
    """Whatever a torch node makes, a JAX equation of its row makes, or it has been handed it."""
    case = solved(network)
    graph, gradients, _ = handed(traced(network, case))

    def among(value, values):
        value = np.squeeze(value)
        return any(
            np.shape(one) == value.shape and np.allclose(one, value, **CLOSE)
            for other in map(np.squeeze, values)
            for one in (other, other.T)
        )

    for row in explain(network).rows:
        if row.title in but:
            continue
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
