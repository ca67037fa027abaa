"""The network: affine layers with activations between them; what follows the last is the loss's.

Functions take one sample, x [d] and y [k]; `jax.vmap` makes them take many.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from jaxmlp.activations import Activations, of_each_layer
from jaxmlp.base import Array, Intermediates, Layer, Params
from jaxmlp.losses import SQUARED, Loss

INITS = ("torch", "normal")


def init_params(
    rng: np.random.Generator,
    layer_sizes: Sequence[int],
    *,
    init: str = "torch",
    dtype: DTypeLike = np.float32,
) -> Params:
    """Draws weights and biases, in float64, and converts them as NumPy does.

    Args:
      rng: the source of randomness; w1, b1, w2, b2, ... are drawn from it in that order.
      layer_sizes: (d, n_1, ..., k).
      init: 'torch' for U(-1/sqrt(n_in), 1/sqrt(n_in)), weights and biases alike, which is what
        torch.nn.Linear does; 'normal' for N(0, 1), both.
      dtype: of the leaves.

    Returns:
      Params with NumPy leaves.

    Raises:
      ValueError: for an unknown init.
    """
    if init not in INITS:
        raise ValueError(f"init: expected one of {', '.join(INITS)}, got {init!r}")

    def draw(n_in: int, shape: tuple[int, ...]) -> np.ndarray:
        if init == "normal":
            return rng.standard_normal(shape).astype(dtype)
        limit = 1 / math.sqrt(n_in)
        return rng.uniform(-limit, limit, shape).astype(dtype)

    return tuple(
        Layer(w=draw(n_in, (n_in, n_out)), b=draw(n_in, (n_out,)))
        for n_in, n_out in itertools.pairwise(layer_sizes)
    )


def forward_with_intermediates(
    params: Params, x: Array, *, activation: Activations
) -> Intermediates:
    """Runs the network on x [d] and keeps every z and h.

    Samples can be columns too, x [d, N], where every b is one: [n_out, 1].
    """
    hidden = of_each_layer(activation, len(params) - 1)
    preacts: list[Array] = []
    acts = [x]
    for layer, (w, b) in enumerate(params):
        if layer:  # so the output stays linear
            acts.append(hidden[layer - 1].fn(preacts[-1]))
        sums = w.T @ acts[-1]
        preacts.append(sums if b is None else sums + b)
    return Intermediates(tuple(preacts), tuple(acts))


def forward(params: Params, x: Array, *, activation: Activations) -> Array:
    """Returns z of the last layer, [k], for x [d]: yhat, where the output is linear."""
    return forward_with_intermediates(params, x, activation=activation).preacts[-1]


def loss(
    params: Params, x: Array, y: Array, *, activation: Activations, loss: Loss = SQUARED
) -> Array:
    """Returns the loss of the prediction for x [d] against y [k]."""
    return loss.value(forward(params, x, activation=activation), y)
