"""JAX's graph tells the truth: every label and formula is evaluated."""

import re

import numpy as np

from tests.support.graphs import CLOSE, EVERY, EVERY_END, evaluate, solved


@EVERY
def test_labels_and_formulas_of_jax_are_what_its_equations_compute(network):
    assert_true_of_jax(network)


@EVERY_END
def test_of_every_end_too(network):
    assert_true_of_jax(network)


def assert_true_of_jax(network):
    case = solved(network)
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
