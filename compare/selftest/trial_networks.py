"""The networks that mistakes are planted in."""

from typing import NamedTuple

import numpy as np

from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.answers import Answer
from compare.problem.blocks import Block
from compare.problem.network import uniform_network
from compare.problem.problem import Problem
from compare.problem.samples import default_labels
from jaxmlp.base import Batch, Layer
from jaxmlp.mlp import init_params

CORRECT = ("jax_grad", "jax_manual", "torch_autograd")  # implementations without mistakes


class Setup(NamedTuple):
    """A network, and how its weights are drawn."""

    layer_sizes: tuple[int, ...]
    activation: str
    init: str = "torch"
    scale: float = 1.0  # of the weights
    first_bias: float | None = None  # all biases of the first layer, if not drawn


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
}


def make_trial_problem(
    setup: Setup, *, seed: int, samples: int = 20
) -> tuple[Problem, dict[str, Answer]]:
    """Returns a network with its samples, and the answers of all implementations in CORRECT."""
    rng = np.random.default_rng(seed)
    drawn = init_params(rng, setup.layer_sizes, init=setup.init, dtype=np.float64)
    params = tuple(
        Layer(*((leaf * setup.scale).astype(np.float32) for leaf in layer)) for layer in drawn
    )
    if setup.first_bias is not None:
        params = (params[0]._replace(b=np.full_like(params[0].b, setup.first_bias)), *params[1:])
    x = rng.random((samples, setup.layer_sizes[0])).astype(np.float32)
    batch = Batch(x, default_labels(x, setup.layer_sizes[-1]))
    network = uniform_network(setup.layer_sizes, setup.activation)
    problem = Problem(
        params,
        network,
        samples,
        lambda start, stop: Batch(*(v[start:stop] for v in batch)),
    )
    built = {name: IMPLEMENTATIONS[name](params, network, "cpu") for name in CORRECT}
    block = Block(0, batch, batch)
    return problem, {name: one.evaluate(block) for name, one in built.items()}
