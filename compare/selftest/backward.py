"""A NumPy forward and backward whose every step can be replaced: by a mistake, or another product.

They compute a whole batch in the dtype of its weights.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from compare.activation_names import activations_of_layers, row_of
from compare.implementations.numpy_activations import ACTIVATIONS, FAMILIES, Activation
from compare.implementations.numpy_backprop import LOSSES, slope_of_end
from jaxmlp.base import Batch, Evaluation, Grads, Layer, Params

_LOSS = LOSSES["squared"]


class Precision(NamedTuple):
    """In what a pass computes."""

    matmul: Callable[[np.ndarray, np.ndarray], np.ndarray] = np.matmul
    keep: Callable[[np.ndarray], np.ndarray] = np.asarray  # what is kept of a value that is stored


PLAIN = Precision()


@dataclasses.dataclass(frozen=True)
class Forward:
    """A network as a program has it, and its forward pass. Layers count from 1."""

    params: Params
    batch: Batch
    activation: str  # of all hidden layers that are asked for, or of each between commas
    phis: tuple[Activation, ...]  # what is applied to z_1, z_2, ...; to the output too
    forward_in: Precision = PLAIN
    backward_in: Precision = PLAIN  # outer products too
    end: tuple[str, str] = ("linear", "squared")  # the output activation and the loss
    l2: float = 0.0  # lambda of the penalty
    biases: tuple[bool, ...] = ()  # whether each layer has one; () where all have
    z: tuple[np.ndarray, ...] = ()  # z[i - 1] is z_i, [N, n_i]
    h: tuple[np.ndarray, ...] = ()  # h[i] is h_i, h[0] is x; the last is that below the output

    @property
    def is_other(self) -> bool:
        """Whether the network ends otherwise than in the squared error of a linear output."""
        return self.end != ("linear", "squared") or bool(self.l2)

    @property
    def is_by_layer(self) -> bool:
        """Whether its layers are not alike: some without a bias, or with other activations."""
        return bool(self.biases) or "," in self.activation

    def has_bias(self, layer: int) -> bool:
        """Whether a layer has a bias."""
        return self.biases[layer - 1] if self.biases else True

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.params)

    @property
    def sizes(self) -> tuple[int, ...]:
        """(d, n_1, ..., k)."""
        return (len(self.params[0].w), *(len(b) for _, b in self.params))

    @property
    def yhat(self) -> np.ndarray:
        """The output, [N, k]."""
        return np.asarray(self.phis[-1].value(self.z[-1]), self.z[-1].dtype)

    @property
    def residual(self) -> np.ndarray:
        """yhat - y, [N, k]."""
        return self.yhat - self.batch.y

    def w(self, layer: int) -> np.ndarray:
        """Returns the weights of a layer."""
        return self.params[layer - 1].w

    def slope(self, layer: int) -> np.ndarray:
        """Returns phi'(z) of a layer."""
        z = self.z[layer - 1]
        return np.asarray(self.phis[layer - 1].slope(z), z.dtype)

    @property
    def _asked(self) -> Activation:
        return row_of(self.activation.partition(",")[0], ACTIVATIONS, FAMILIES)

    def phi(self, z: np.ndarray) -> np.ndarray:
        """Applies the activation that is asked for, the first of several, in the dtype of z."""
        return np.asarray(self._asked.value(z), z.dtype)

    def phi_slope(self, z: np.ndarray) -> np.ndarray:
        """Applies the derivative of that activation, in the dtype of z."""
        return np.asarray(self._asked.slope(z), z.dtype)

    def outer(self, h: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """Returns the outer product of every sample of [N, n_in] and [N, n_out]."""
        return self.backward_in.matmul(h[:, :, None], delta[:, None, :])

    def run(self) -> "Forward":
        """Returns the same network with the forward pass that it makes."""
        matmul, keep = self.forward_in
        acts, preacts = [self.batch.x], []
        for (w, b), phi in zip(self.params, self.phis, strict=True):
            z = keep(matmul(acts[-1], w) + b)
            preacts.append(z)
            acts.append(keep(np.asarray(phi.value(z), z.dtype)))
        return dataclasses.replace(self, z=tuple(preacts), h=tuple(acts[:-1]))

    def evaluation(self, grads: Grads) -> Evaluation:
        """Returns what an implementation answers that has this forward pass and these gradients."""
        return Evaluation(self.yhat, _LOSS.value(self.yhat, self.batch.y), grads)


def forward(
    params: Params,
    batch: Batch,
    activation: str,
    *,
    matmul: Callable[[np.ndarray, np.ndarray], np.ndarray] = np.matmul,
    end: tuple[str, str] = ("linear", "squared"),
    l2: float = 0.0,
    biases: tuple[bool, ...] = (),
) -> Forward:
    """Runs the network in the dtype of its weights.

    Args:
      params: of float32 or float64.
      batch: x [N, d] and y [N, k] of the same dtype.
      activation: of all hidden layers, or of each between commas.
      matmul: computes every matrix product of forward and backward, outer products too.
      end: the output activation and the loss; z of the output is kept, and not what is made of it.
      l2: lambda of the penalty.
      biases: whether each layer has one, where some have none; b of these is 0.
    """
    names = activations_of_layers(activation, len(params) - 1)
    hidden = (row_of(name, ACTIVATIONS, FAMILIES) for name in names)
    phis, precision = (*hidden, ACTIVATIONS["identity"]), Precision(matmul)
    how = precision, precision, end, l2, biases
    return Forward(params, batch, activation, phis, *how).run()


Step: TypeAlias = Callable[[Forward, int], np.ndarray]
Finish: TypeAlias = Callable[[Forward, list[np.ndarray], list[np.ndarray]], None]


def _slope_of_loss(f: Forward) -> np.ndarray:
    if f.end != ("linear", "squared"):
        pairs = zip(f.z[-1], f.batch.y, strict=True)
        return np.stack([slope_of_end(*one, *f.end) for one in pairs]).astype(f.z[-1].dtype)
    return np.asarray(_LOSS.slope(f.yhat, f.batch.y) * f.slope(f.depth), f.z[-1].dtype)


def backward(
    f: Forward,
    *,
    output: Callable[[Forward], np.ndarray] = _slope_of_loss,
    slope: Step = lambda f, i: f.slope(i),
    weights: Step = lambda f, i: f.w(i),
    acts: Step = lambda f, i: f.h[i - 1],
    penalty: Step = lambda f, i: f.l2 * f.w(i),
    finish: Finish | None = None,
) -> Grads:
    """Backpropagates, with every step as it should be or replaced.

    Args:
      f: the forward pass.
      output: returns delta of the last layer.
      slope: returns phi' for delta_i.
      weights: returns w_i, by which delta_i is passed down.
      acts: returns h_{i-1}, the factor of dL/dw_i.
      penalty: returns what is added to dL/dw_i, if there is a penalty.
      finish: changes the lists of deltas and of weight gradients in place, at the end.

    Returns:
      dL/dw [N, n_in, n_out] and dL/db [N, n_out] of every layer, [N, 0] of one without a bias.
    """
    matmul, keep = f.backward_in
    deltas = [keep(output(f))]
    for layer in range(f.depth, 1, -1):
        passed_down = matmul(deltas[0], weights(f, layer).T)
        deltas.insert(0, keep(passed_down * slope(f, layer - 1)))
    dws = [keep(f.outer(acts(f, i), delta)) for i, delta in enumerate(deltas, start=1)]
    if finish is not None:
        finish(f, deltas, dws)
    if f.l2:
        dws = [dw + penalty(f, i) for i, dw in enumerate(dws, start=1)]
    dtype = f.batch.x.dtype
    dbs = [db if f.has_bias(i) else db[:, :0] for i, db in enumerate(deltas, start=1)]
    return tuple(
        Layer(np.asarray(w, dtype), np.asarray(b, dtype)) for w, b in zip(dws, dbs, strict=True)
    )
