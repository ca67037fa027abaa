"""A NumPy backward whose every step can be replaced: by a mistake, or by another matrix product.

It computes a whole batch in the dtype of its weights, for the squared error.
"""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from compare.implementations.numpy_backprop import ACTIVATIONS, LOSSES
from jaxmlp.base import Batch, Evaluation, Grads, Layer, Params

_LOSS = LOSSES["squared"]


@dataclasses.dataclass(frozen=True)
class Forward:
    """A forward pass without mistakes. Layers count from 1."""

    params: Params
    batch: Batch
    activation: str
    matmul: Callable[[np.ndarray, np.ndarray], np.ndarray]
    z: tuple[np.ndarray, ...]  # z[i - 1] is z_i, [N, n_i]
    h: tuple[np.ndarray, ...]  # h[i] is h_i, h[0] is x

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.params)

    @property
    def residual(self) -> np.ndarray:
        """yhat - y, [N, k]."""
        return self.z[-1] - self.batch.y

    def w(self, layer: int) -> np.ndarray:
        """Returns the weights of a layer."""
        return self.params[layer - 1].w

    def slope(self, layer: int) -> np.ndarray:
        """Returns phi'(z) of a layer."""
        return self.phi_slope(self.z[layer - 1])

    def phi(self, z: np.ndarray) -> np.ndarray:
        """Applies the activation, in the dtype of z."""
        return np.asarray(ACTIVATIONS[self.activation].value(z), z.dtype)

    def phi_slope(self, z: np.ndarray) -> np.ndarray:
        """Applies the derivative of the activation, in the dtype of z."""
        return np.asarray(ACTIVATIONS[self.activation].slope(z), z.dtype)

    def outer(self, h: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """Returns the outer product of every sample of [N, n_in] and [N, n_out]."""
        return self.matmul(h[:, :, None], delta[:, None, :])

    def evaluation(self, grads: Grads) -> Evaluation:
        """Returns what an implementation answers that has this forward pass and these gradients."""
        return Evaluation(self.z[-1], _LOSS.value(self.z[-1], self.batch.y), grads)


def forward(
    params: Params,
    batch: Batch,
    activation: str,
    *,
    matmul: Callable[[np.ndarray, np.ndarray], np.ndarray] = np.matmul,
) -> Forward:
    """Runs the network in the dtype of its weights.

    Args:
      params: of float32 or float64.
      batch: x [N, d] and y [N, k] of the same dtype.
      activation: of all hidden layers.
      matmul: computes every matrix product of forward and backward, outer products too.
    """
    made = Forward(params, batch, activation, matmul, (), (batch.x,))
    for w, b in params:
        z = matmul(made.h[-1], w) + b
        made = dataclasses.replace(made, z=(*made.z, z), h=(*made.h, made.phi(z)))
    return dataclasses.replace(made, h=made.h[:-1])


Step: TypeAlias = Callable[[Forward, int], np.ndarray]
Finish: TypeAlias = Callable[[Forward, list[np.ndarray], list[np.ndarray]], None]


def backward(
    f: Forward,
    *,
    output: Callable[[Forward], np.ndarray] = lambda f: _LOSS.slope(f.z[-1], f.batch.y),
    slope: Step = lambda f, i: f.slope(i),
    weights: Step = lambda f, i: f.w(i),
    acts: Step = lambda f, i: f.h[i - 1],
    finish: Finish | None = None,
) -> Grads:
    """Backpropagates, with every step as it should be or replaced.

    Args:
      f: the forward pass.
      output: returns delta of the last layer.
      slope: returns phi' for delta_i.
      weights: returns w_i, by which delta_i is passed down.
      acts: returns h_{i-1}, the factor of dL/dw_i.
      finish: changes the lists of deltas and of weight gradients in place, at the end.
    """
    deltas = [output(f)]
    for layer in range(f.depth, 1, -1):
        passed_down = f.matmul(deltas[0], weights(f, layer).T)
        deltas.insert(0, passed_down * slope(f, layer - 1))
    dws = [f.outer(acts(f, i), delta) for i, delta in enumerate(deltas, start=1)]
    if finish is not None:
        finish(f, deltas, dws)
    dtype = f.batch.x.dtype
    return tuple(
        Layer(np.asarray(w, dtype), np.asarray(b, dtype)) for w, b in zip(dws, deltas, strict=True)
    )
