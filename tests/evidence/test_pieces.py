"""Which pieces between kinks are reached, and what is said of those that are not."""

import numpy as np
import pytest

from compare import compare_gradients
from compare.evidence.pieces import pieces_of, pieces_reached
from compare.problem.network import make_network

ONE = np.ones((1, 1))
NONE = np.zeros(1)


def reached(activation, x, y=0.0, **network):
    """Returns what samples of 1-1-1 reach, whose weights are 1 and whose biases are 0."""
    made = make_network((1, 1, 1), activation, **network)
    x = np.array([x], np.float64)
    return pieces_of(made), pieces_reached(made, [(ONE, NONE)] * 2, x, np.full_like(x, y))


@pytest.mark.parametrize(
    ("found", "pieces", "there"),
    [
        (reached("tanh", [1]), (), ()),
        (reached("relu", [1, 2]), ("z1 < 0", "z1 > 0"), ("z1 > 0",)),
        (reached("relu", [0]), ("z1 < 0", "z1 > 0"), ()),
        (reached("relu6", [1, 7]), ("z1 < 0", "0 < z1 < 6", "z1 > 6"), ("0 < z1 < 6", "z1 > 6")),
        (
            reached("identity", [-3, 0.5], loss="huber"),
            ("yhat - y < -1", "-1 < yhat - y < 1", "yhat - y > 1"),
            ("yhat - y < -1", "-1 < yhat - y < 1"),
        ),
        (
            reached("identity", [2], y=1, loss="hinge"),
            ("y yhat < 1", "y yhat > 1"),
            ("y yhat > 1",),
        ),
        (
            reached("identity", [9], y=1, output="tanh", loss="absolute"),
            ("yhat - y < 0", "yhat - y > 0"),
            ("yhat - y < 0",),
        ),
    ],
    ids=str,
)
def test_pieces_that_samples_reach(found, pieces, there):
    assert found == (pieces, there)


def huber_without_its_sign(params, x, y):
    ((w, b),) = params
    r = x @ w + b - y
    delta = np.where(np.abs(r) <= 1, r, 1).astype(x.dtype)
    return [(np.outer(x, delta), delta)]


def test_an_untested_piece_is_said_and_a_tested_one_is_not():
    layers = [(np.array([[0.5]], np.float32), np.zeros(1, np.float32))]

    def report(x):
        x = np.array(x, np.float32)[:, None]
        options = {"loss": "huber", "implementations": ["numpy_manual"]}
        return compare_gradients(
            layers, x, 0 * x, candidates={"mine": huber_without_its_sign}, **options
        )

    near = report([0.5, 1, 3])
    assert near.verdict == "agree"
    assert near.unreached == ("yhat - y < -1",)
    assert "; no sample has yhat - y < -1, so what is computed there is not tested: " in near.reason
    far = report([0.5, 1, 3, -3])
    assert (far.verdict, far.unreached) == ("disagree", ())
