"""The networks that are measured, and their weights and samples."""

from typing import NamedTuple

import numpy as np

from jaxmlp import Batch, Params, init_params


class Network(NamedTuple):
    """Layer sizes and the hidden activation."""

    sizes: tuple[int, ...]
    activation: str


NETWORKS = {
    "A": Network((2, 10, 10, 1), "sigmoid"),
    "B": Network((10, *(50,) * 10, 1), "relu"),
    "C": Network((784, 512, 512, 10), "relu"),
}


def make(network: Network, n: int) -> tuple[Params, Batch]:
    """Draws float32 weights and n samples, the same ones every time."""
    rng = np.random.default_rng(0)
    params = init_params(rng, network.sizes)
    x = rng.random((n, network.sizes[0]), dtype=np.float32)
    y = np.repeat(np.square(x).mean(axis=1, keepdims=True), network.sizes[-1], axis=1)
    return params, Batch(x, y)
