"""The gradient of a batch of each implementation, and the batches of a block."""

import numpy as np
import pytest

from compare.implementations.reduced import reducing
from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.answers import Answer, joined, of_one_batch
from compare.problem.batches import Reduction
from compare.problem.blocks import Block
from compare.problem.network import Network
from jaxmlp import Batch, Layer, init_params

SIZES = (3, 5, 2)
PARAMS = init_params(np.random.default_rng(0), SIZES)
RNG = np.random.default_rng(1)
X = RNG.random((7, 3)).astype(np.float32)
Y = np.eye(2, dtype=np.float32)[RNG.integers(0, 2, 7)]
BATCH = Batch(X, Y)
BLOCK = Block(14, BATCH, BATCH)
NETWORKS = {
    "squared": Network(SIZES, ("tanh",)),
    "a slope of its own": Network(SIZES, ("leaky_relu:0.2",)),
    "classes": Network(SIZES, ("relu",), loss="cross_entropy", output="softmax", l2=0.3),
}


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kind", ["mean", "sum"])
def test_it_is_the_mean_or_the_sum_over_samples_with_one_l2_term(name, network, kind):
    network = NETWORKS[network]
    one = IMPLEMENTATIONS[name](PARAMS, network, "cpu")
    found = one.reduced(0, BATCH, kind).grads
    weight = 1 / 7 if kind == "mean" else 1
    for layer, each, (w, _) in zip(found, one.evaluate(BLOCK).grads, PARAMS, strict=True):
        once = network.l2 * w
        np.testing.assert_allclose(
            layer.w[0], weight * (each.w - once).sum(axis=0) + once, rtol=1e-5, atol=1e-6
        )
        np.testing.assert_allclose(layer.b[0], weight * each.b.sum(axis=0), rtol=1e-5, atol=1e-6)


def test_each_batch_of_a_block_has_a_row():
    one = IMPLEMENTATIONS["numpy_manual"](PARAMS, NETWORKS["squared"], "cpu")
    rows = reducing(one, Reduction("sum", 3)).evaluate(BLOCK).grads
    assert rows[0].w.shape == (2, 3, 5)
    last = one.reduced(0, Batch(X[3:], Y[3:]), "sum").grads
    np.testing.assert_array_equal(rows[1].b[1], last[1].b[0])


@pytest.mark.parametrize(
    ("n", "size", "expected"),
    [
        (6, 3, [3, 3]),
        (8, 3, [3, 3, 2]),
        (7, 3, [3, 4]),  # some code takes no batch of one
        (4, 1, [1, 1, 1, 1]),
        (1, 1, [1]),
        (2, 2, [2]),
        (3, 2, [3]),
    ],
)
def test_a_single_sample_that_is_left_joins_the_batch_before(n, size, expected):
    batch = Batch(np.zeros((n, 1)), np.zeros((n, 1)))
    block = Block(10, batch, batch)
    found = list(Reduction("mean", size).batches(block))
    assert [len(one.x) for _, one in found] == expected
    assert [start for start, _ in found] == [10 + sum(expected[:i]) for i in range(len(expected))]


def test_what_one_batch_hides_is_kept_beside_what_the_others_do_not():
    grads = (Layer(np.ones((1, 1)), np.ones(1)),)
    plain = of_one_batch(grads)
    hiding = plain._replace(printed=plain.grads)
    both = joined([plain, hiding])
    assert isinstance(both, Answer)
    assert both.printed[0].b.tolist() == [[0.0], [1.0]]
    assert joined([plain, plain]).printed is None
