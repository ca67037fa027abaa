"""Gradients as people return them: by place, by name, beside a loss, on an object."""

import collections
import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
import torch

from compare import Detail, UsageError, compare_gradients
from jaxmlp import init_params
from tests.support import backwards

SIZES = (2, 3, 3, 1)
PARAMS = init_params(np.random.default_rng(0), SIZES)
X = np.random.default_rng(1).random((3, 2)).astype(np.float32)
KEYS = ("w1", "b1", "w2", "b2", "w3", "b3")


def flat(pairs):
    return [leaf for pair in pairs for leaf in pair]


def named(pairs, pattern):
    """A dict of dW1 and the like: w for weights, b for biases, i for the number of the layer."""
    both = [(f"{kind}{i}", kind, i) for i in range(1, len(pairs) + 1) for kind in "wb"]
    names = [pattern.format(k=kind, K=kind.upper(), i=i, i0=i - 1) for _, kind, i in both]
    return dict(zip(names, flat(pairs), strict=True))


class Net:
    """Keeps weights, gradients and what a forward leaves behind as attributes."""

    def __init__(self, pairs):
        self.lr, self.x, self.h1 = 0.1, np.ones(2), np.ones(3)
        for i, (dw, db) in enumerate(pairs, start=1):
            setattr(self, f"W{i}", np.full_like(dw, 7))
            setattr(self, f"b{i}", np.full_like(db, 7))
            setattr(self, f"dW{i}", dw)
            setattr(self, f"db{i}", db)

    def loss(self):
        """A method, which holds no gradient."""


class Dense:
    def __init__(self, dw, db):
        self.weights, self.biases = np.full_like(dw, 7), np.full_like(db, 7)
        self.dweights, self.dbiases = dw, db


class Value:
    """An array with its gradient, as in small autograd libraries."""

    def __init__(self, grad):
        self.data, self.grad = np.full_like(grad, 7), grad


@dataclasses.dataclass
class Gradients:
    loss: float
    w: list
    b: list


Linear = collections.namedtuple("Linear", ["bias", "weight"])


def stored(pairs):
    """Parameters of torch whose .grad is filled."""
    made = [
        torch.nn.Parameter(torch.full(leaf.shape, 7.0)) for leaf in map(np.asarray, flat(pairs))
    ]
    for parameter, leaf in zip(made, flat(pairs), strict=True):
        parameter.grad = torch.tensor(leaf)
    return made


def module(pairs):
    layers = [torch.nn.Linear(*dw.shape) for dw, _ in pairs]
    net = torch.nn.Sequential(*(one for layer in layers for one in (layer, torch.nn.Sigmoid())))
    for layer, (dw, db) in zip(layers, pairs, strict=True):
        layer.weight.grad, layer.bias.grad = torch.tensor(dw.T.copy()), torch.tensor(db)
    return net


# name -> what becomes of a list of pairs
SHAPES = {
    "flat": flat,
    "weights_first": lambda p: flat(p)[::2] + flat(p)[1::2],
    "two_lists": lambda p: ([w for w, _ in p], [b for _, b in p]),
    "two_lists_biases_first": lambda p: ([b for _, b in p], [w for w, _ in p]),
    "columns": lambda p: ([b[:, None] for _, b in p], [w for w, _ in p]),
    "loss_first": lambda p: (0.5, p),
    "loss_last": lambda p: (p, np.float32(0.5)),
    "loss_and_flat": lambda p: (jnp.float32(0.5), flat(p)),
    "loss_before_flat": lambda p: (0.5, *flat(p)),
    "loss_after_flat": lambda p: (*flat(p), np.float64(0.5)),
    "flat_lists_of_numbers": lambda p: [leaf.tolist() for leaf in flat(p)],
    "loss_and_names": lambda p: (np.ones((1, 1)), named(p, "d{K}{i}")),
    "beside_loss": lambda p: {"loss": 0.5, "grads": p},
    "names_beside_loss": lambda p: {"loss": 0.5, "grads": named(p, "{k}{i}")},
    "names_among_weights": lambda p: (
        named([(w * 0, b * 0) for w, b in p], "{K}{i}") | named(p, "d{K}{i}")
    ),
    "dW1": lambda p: named(p, "d{K}{i}"),
    "w1_grad": lambda p: named(p, "{k}{i}_grad"),
    "grad_W1": lambda p: named(p, "grad_{K}{i}"),
    "dL/dW0": lambda p: named(p, "dL/d{K}{i0}"),
    "dL_dW0": lambda p: named(p, "dL_d{K}{i0}"),
    "db_before_dW": lambda p: dict(reversed(named(p, "d{K}{i}").items())),
    "lists_by_name": lambda p: {"dW": [w for w, _ in p], "db": [b for _, b in p]},
    "nabla": lambda p: {"nabla_b": [b for _, b in p], "nabla_w": [w for w, _ in p]},
    "layers": lambda p: {f"layer{i}": {"dW": w, "db": b} for i, (w, b) in enumerate(p)},
    "list_of_dicts": lambda p: [{"b": b, "w": w} for w, b in p],
    "namedtuples": lambda p: [Linear(weight=w, bias=b) for w, b in p],
    "flax": lambda p: {
        "params": {f"Dense_{i}": {"bias": b, "kernel": w} for i, (w, b) in enumerate(p)}
    },
    "haiku": lambda p: {
        f"mlp/~/linear_{i}": {"w": jnp.array(w), "b": jnp.array(b)} for i, (w, b) in enumerate(p)
    },
    "state_dict": lambda p: {name: one.grad for name, one in module(p).named_parameters()},
    "attributes": Net,
    "list_of_objects": lambda p: [Dense(*pair) for pair in p],
    "dataclass": lambda p: Gradients(0.5, [w for w, _ in p], [b for _, b in p]),
    "objects_with_grad": lambda p: {name: Value(g) for name, g in named(p, "{k}{i}").items()},
    "parameters": stored,
    "module": module,
    "module_and_loss": lambda p: (torch.tensor(0.5), module(p)),
}


def compared(shape, backward=backwards.right, **options):
    def mine(params, x, y):
        return SHAPES[shape]([*map(tuple, backward(params, x, y))])

    return compare_gradients(
        PARAMS, X, candidates=[mine], implementations=["numpy_manual"], **options
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_one_agrees(shape):
    assert compared(shape).verdict == "agree"


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("shape", ["flat", "names_among_weights", "attributes", "module"])
def test_one_wrong_entry_is_found(shape):
    def wrong(params, x, y):
        pairs = backwards.right(params, x, y)
        pairs[1][0][2, 1] += np.float32(0.01) + np.abs(pairs[1][0][2, 1])
        return pairs

    report = compared(shape, wrong)
    assert report.verdict == "disagree"
    assert "w2[2,1]" in report.reason or "layer 2" in report.reason, report.reason


def straight_line(params, x, y):
    [(w, b)] = params
    error = 2 * float(w[0, 0] * x[0] + b[0] - y[0])
    return error**2 / 4, error * float(x[0]), error


@pytest.mark.parametrize(
    ("shape", "taken"),
    [
        (lambda loss, dw, db: (dw, db), True),
        (lambda loss, dw, db: (loss, (dw, db)), False),
        (lambda loss, dw, db: (loss, dw, db), False),
        (lambda loss, dw, db: (dw, db, loss), False),
    ],
)
def test_of_one_weight_and_one_bias_numbers_are_taken_where_they_can_be_told(shape, taken):
    params, x = [(np.full((1, 1), 0.7), np.full(1, 0.2))], np.array([[1.5], [-0.3]])
    options = {"implementations": ["numpy_manual"], "detail": Detail(witness=0)}

    def mine(params, x, y):
        return shape(*straight_line(params, x, y))

    if not taken:
        with pytest.raises(UsageError, match="expected a list of 1 pairs"):
            compare_gradients(params, x, candidates=[mine], **options)
        return
    report = compare_gradients(params, x, candidates=[mine], **options)
    assert report.verdict == "agree", report.reason


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ((2, 3, 0, 1), r"list(zip(g[::2], g[1::2]))[::-1] has the expected shapes"),
        ((1, 0, 3, 2), r"list(zip(g[1::2], g[::2])) has the expected shapes"),
    ],
)
def test_a_flat_list_in_another_order_is_told(order, words):
    params = init_params(np.random.default_rng(0), (2, 3, 4))

    def mine(params, x, y):
        leaves = flat(backwards.right(params, x, y))
        return [leaves[i] for i in order]

    with pytest.raises(UsageError) as raised:
        compare_gradients(params, X, candidates=[mine], implementations=["numpy_manual"])
    assert str(raised.value).endswith(f"with g for what came, {words}")
