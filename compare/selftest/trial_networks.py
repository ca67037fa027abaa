"""The networks that mistakes are planted in."""

import dataclasses
from typing import NamedTuple

import numpy as np

from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.answers import Answer, without_missing_biases
from compare.problem.blocks import Block
from compare.problem.labels import Labels
from compare.problem.network import make_network
from compare.problem.problem import Problem
from jaxmlp.base import Batch, Layer
from jaxmlp.mlp import init_params

CORRECT = ("jax_grad", "jax_manual", "torch_autograd")  # implementations without mistakes


class Setup(NamedTuple):
    """A network, and how its weights are drawn."""

    layer_sizes: tuple[int, ...]
    activation: str  # of all hidden layers, or of each between commas
    init: str = "torch"
    scale: float = 1.0  # of the weights
    first_bias: float | None = None  # all biases of the first layer, if not drawn
    first_x: float | None = None  # all features of the first sample, if not drawn
    dtype: str = "float32"
    end: tuple[str, str] = ("linear", "squared")  # the output activation and the loss
    l2: float = 0.0
    biases: tuple[bool, ...] = ()  # whether each layer has one; () where all have


NETWORKS: dict[str, Setup] = {
    "the usual one": Setup((2, 10, 10, 1), "sigmoid"),
    "normal weights": Setup((2, 10, 10, 1), "sigmoid", "normal"),
    "no hidden layer": Setup((3, 1), "sigmoid"),
    "6 hidden sigmoid layers": Setup((4, *(10,) * 6, 1), "sigmoid"),
    "12 hidden sigmoid layers": Setup((4, *(9,) * 12, 1), "sigmoid"),
    "10 hidden relu layers": Setup((10, *(21,) * 10, 1), "relu", "normal"),
    "3 tanh layers": Setup((3, 8, 8, 8, 2), "tanh"),
    "saturated tanh": Setup((2, 10, 10, 1), "tanh", "normal", 4.0),
    "saturated first layer": Setup((3, *(8,) * 12, 1), "sigmoid", scale=2.0, first_bias=-17.0),
    "tiny weights": Setup((2, 10, 10, 1), "sigmoid", scale=1e-3),
    "softplus": Setup((4, 6, 6, 1), "softplus"),
    "silu, 3 outputs": Setup((4, 6, 6, 3), "silu", "normal"),
    "gelu": Setup((4, 12, 12, 12, 1), "gelu"),
    "identity": Setup((4, 7, 7, 2), "identity"),
    "square": Setup((5, 5, 5, 5), "sigmoid"),
    "wide": Setup((5, 300, 1), "tanh"),
    "784-128-10": Setup((784, 128, 10), "relu"),
    "relu": Setup((4, 8, 8, 2), "relu", "normal"),
    "relu at 0": Setup((3, 6, 6, 1), "relu", "normal", first_bias=0.0, first_x=0.0),
    "square tanh": Setup((4, 4, 4, 4), "tanh", "normal"),
    "square relu": Setup((6, 6, 6, 6), "relu", "normal"),
    "square silu": Setup((3, 3, 3), "silu", "normal"),
    "square gelu": Setup((3, 3, 3, 3, 3), "gelu", "normal"),
    "square softplus": Setup((4, 4, 4, 4), "softplus"),
    "tanh in float64": Setup((3, 8, 8, 2), "tanh", dtype="float64"),
    "sigmoid in float64": Setup((4, 10, 1), "sigmoid", "normal", dtype="float64"),
    "softmax classifier": Setup((3, 8, 3), "tanh", "normal", end=("softmax", "cross_entropy")),
    "deep classifier": Setup((4, 9, 9, 9, 3), "relu", "normal", end=("softmax", "cross_entropy")),
    "sigmoid classifier": Setup(
        (3, 7, 2), "tanh", "normal", end=("sigmoid", "binary_cross_entropy")
    ),
    "one sigmoid": Setup((4, 6, 6, 1), "relu", "normal", end=("sigmoid", "binary_cross_entropy")),
    "sigmoid output": Setup((3, 6, 2), "sigmoid", "normal", end=("sigmoid", "squared")),
    "softmax output": Setup((3, 6, 3), "tanh", "normal", end=("softmax", "squared")),
    "ridge": Setup((3, 7, 7, 2), "sigmoid", "normal", l2=0.01),
    "classifier with a penalty": Setup(
        (3, 7, 3), "tanh", "normal", end=("softmax", "cross_entropy"), l2=0.003
    ),
    "hinge": Setup((3, 7, 2), "tanh", "normal", end=("linear", "hinge")),
    "huber": Setup((3, 7, 2), "tanh", "normal", end=("linear", "huber")),
    "absolute": Setup((3, 7, 2), "tanh", "normal", end=("linear", "absolute")),
    "gelu in float64": Setup((3, 7, 7, 1), "gelu", "normal", dtype="float64"),
    "no biases": Setup((3, 6, 6, 2), "tanh", "normal", biases=(False,) * 3),
    "a bias in the second layer": Setup(
        (3, 6, 6, 2), "sigmoid", "normal", biases=(False, True, False)
    ),
    "no bias in the second layer": Setup(
        (4, 7, 7, 2), "silu", "normal", biases=(True, False, True)
    ),
    "tanh, relu and sigmoid": Setup((3, 6, 6, 6, 2), "tanh,relu,sigmoid", "normal"),
    "softplus and elu": Setup((3, 5, 8, 1), "softplus,elu:0.5", "normal"),
}


def draw_problem(setup: Setup, *, seed: int, samples: int = 20) -> Problem:
    """Draws a network with its samples."""
    rng = np.random.default_rng(seed)
    drawn = init_params(rng, setup.layer_sizes, init=setup.init, dtype=np.float64)
    params = tuple(
        Layer(*((leaf * setup.scale).astype(setup.dtype) for leaf in layer)) for layer in drawn
    )
    if setup.biases:
        params = tuple(
            Layer(w, b if has else np.zeros_like(b))
            for (w, b), has in zip(params, setup.biases, strict=True)
        )
    if setup.first_bias is not None:
        params = (params[0]._replace(b=np.full_like(params[0].b, setup.first_bias)), *params[1:])
    x = rng.random((samples, setup.layer_sizes[0])).astype(setup.dtype)
    if setup.first_x is not None:
        x[0] = setup.first_x
    batch = Batch(x, Labels(*setup.end, setup.layer_sizes[-1], seed).drawn(x, 0))
    network = make_network(
        setup.layer_sizes,
        setup.activation,
        output=setup.end[0],
        loss=setup.end[1],
        l2=setup.l2,
    )
    return Problem(
        params,
        dataclasses.replace(network, biases=setup.biases),
        samples,
        lambda start, stop: Batch(*(v[start:stop] for v in batch)),
    )


def true_answers(problem: Problem) -> dict[str, Answer]:
    """Returns the answers of all implementations in CORRECT."""
    batch = problem.batch(0, problem.n_samples)
    built = {
        name: IMPLEMENTATIONS[name](problem.params, problem.network, "cpu") for name in CORRECT
    }
    found = {name: one.evaluate(Block(0, batch, batch)) for name, one in built.items()}
    return {name: without_missing_biases(one, problem.network) for name, one in found.items()}
