"""Networks that every implementation is tried on, by readable name."""

import os

import numpy as np

from compare.problem.blocks import Block
from jaxmlp import ACTIVATIONS, Batch, init_params

ALL_ACTIVATIONS = tuple(ACTIVATIONS)
# each in a hidden layer of one of three networks, which compile faster than one network for each
MIXED = tuple(ALL_ACTIVATIONS[i::3] for i in range(3))
SEVEN = ("sigmoid", "tanh", "relu", "softplus", "silu", "gelu", "identity")
NUMBERED = ("leaky_relu:0.2", "leaky_relu:-0.5", "elu:0.5", "elu:3")  # one with another slope

# name -> (layer_sizes, init)
NETWORKS = {
    "no_hidden_layer": ((2, 1), "torch"),
    "the_usual_one": ((2, 10, 10, 1), "torch"),
    "width_1": ((1, 1, 1, 1), "normal"),
    "several_outputs": ((3, 5, 4), "torch"),
    "normal_weights": ((4, 6, 6, 2), "normal"),
    "wide": ((7, 64, 3), "torch"),
    "depth_12": ((4, *(9,) * 12, 2), "torch"),
}


def make_network(name, dtype=np.float64, samples=6):
    sizes, init = NETWORKS[name]
    rng = np.random.default_rng(len(name))
    params = init_params(rng, sizes, init=init, dtype=dtype)
    x = rng.random((samples, sizes[0])).astype(dtype)
    y = rng.random((samples, sizes[-1])).astype(dtype)
    return params, Batch(x, y)


def alone(batch):
    """A block of these samples and no padding."""
    return Block(0, batch, batch)


def xla_flags(*more):
    """XLA's flags for a process of its own: those of here, which may decide its bits, and more."""
    return " ".join([*os.environ.get("XLA_FLAGS", "").split(), *more])
