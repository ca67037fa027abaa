"""A NumPy backward into which mistakes can be planted, to try the comparison on itself.

It shares no code with the table of explanations in `evidence.diagnosis`, and about a third of the
mistakes are in no such table: those must be found, and must not be explained.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from compare.implementations.numpy_backprop import ACTIVATIONS
from jaxmlp.base import Batch, Grads, Layer, Params


@dataclasses.dataclass(frozen=True)
class Forward:
    """A right forward pass in the dtype of the weights; layers count from 1."""

    params: Params
    batch: Batch
    activation: str
    z: tuple[np.ndarray, ...]  # z[i - 1] is z_l, [N, n_l]
    h: tuple[np.ndarray, ...]  # h[i] is h_l, h[0] is x

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.params)

    @property
    def residual(self) -> np.ndarray:
        """yhat - y, [N, k]."""
        return self.z[-1] - self.batch.y

    def w(self, layer: int) -> np.ndarray:
        """The weights of a layer."""
        return self.params[layer - 1].w

    def slope(self, layer: int) -> np.ndarray:
        """phi'(z_l)."""
        return self.phi_slope(self.z[layer - 1])

    def phi(self, z: np.ndarray) -> np.ndarray:
        """The activation, in the dtype of z."""
        return np.asarray(ACTIVATIONS[self.activation].value(z), z.dtype)

    def phi_slope(self, z: np.ndarray) -> np.ndarray:
        """Its derivative, in the dtype of z."""
        return np.asarray(ACTIVATIONS[self.activation].slope(z), z.dtype)


def forward(params: Params, batch: Batch, activation: str) -> Forward:
    """Runs the network in the dtype of its weights."""
    made = Forward(params, batch, activation, (), (batch.x,))
    for w, b in params:
        z = made.h[-1] @ w + b
        made = dataclasses.replace(made, z=(*made.z, z), h=(*made.h, made.phi(z)))
    return dataclasses.replace(made, h=made.h[:-1])


Step = Callable[[Forward, int], np.ndarray]


def backward(
    f: Forward,
    *,
    output: Callable[[Forward], np.ndarray] = lambda f: 2 * f.residual,
    slope: Step = lambda f, i: f.slope(i),
    weights: Step = lambda f, i: f.w(i),
    acts: Step = lambda f, i: f.h[i - 1],
    finish: Callable[[Forward, list[np.ndarray], list[np.ndarray]], None] | None = None,
) -> Grads:
    """Backpropagates; every step can be replaced, and the result be spoilt by `finish`.

    Args:
      f: the forward pass.
      output: gives delta of the last layer.
      slope: gives phi' for delta_l.
      weights: gives w_l, through which delta_l goes down.
      acts: gives h_{l-1}, the factor of dL/dw_l.
      finish: changes the lists of deltas and weight gradients in place.
    """
    deltas = [output(f)]
    for layer in range(f.depth, 1, -1):
        deltas.insert(0, (deltas[0] @ weights(f, layer).T) * slope(f, layer - 1))
    dws = [acts(f, i)[:, :, None] * deltas[i - 1][:, None, :] for i in range(1, f.depth + 1)]
    if finish is not None:
        finish(f, deltas, dws)
    dtype = f.batch.x.dtype
    return tuple(
        Layer(np.asarray(w, dtype), np.asarray(b, dtype)) for w, b in zip(dws, deltas, strict=True)
    )
