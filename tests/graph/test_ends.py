"""What is said of the end of a network is right: its formulas are evaluated."""

import numpy as np

from compare.graph.ends import end_of
from tests.support.graphs import EVERY_END, evaluate, solved


@EVERY_END
def test_formulas_of_every_end_are_right(network):
    end, known, last = end_of(network), solved(network).known, network.n_layers
    close = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(evaluate(end.formula, known), known["loss"], **close)
    np.testing.assert_allclose(evaluate(end.yhat, known), known["yhat"], **close)
    np.testing.assert_allclose(evaluate(end.delta, known), known[f"delta{last}"], **close)
    if not end.is_joined:
        np.testing.assert_allclose(evaluate(end.slope, known), known["dL_dyhat"], **close)
