"""A backward by hand in NumPy float64, for one unbatched sample: a fourth way to the gradient.

It starts from its own forward pass and shares no code with the other implementations.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

_C = np.sqrt(2 / np.pi)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _gelu_tanh(z: np.ndarray) -> np.ndarray:
    return 0.5 * z * (1 + np.tanh(_C * (z + 0.044715 * z**3)))


def _gelu_slope(z: np.ndarray) -> np.ndarray:
    t = np.tanh(_C * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * _C * (1 + 0.134145 * z**2)


class Activation(NamedTuple):
    """phi and its derivative."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(_sigmoid, lambda z: _sigmoid(z) * _sigmoid(-z)),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": Activation(lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "softplus": Activation(lambda z: np.logaddexp(0, z), _sigmoid),
    "silu": Activation(lambda z: z * _sigmoid(z), lambda z: _sigmoid(z) * (1 + z * _sigmoid(-z))),
    "gelu": Activation(_gelu_tanh, _gelu_slope),
    "identity": Activation(lambda z: z, np.ones_like),
}


class Loss(NamedTuple):
    """A loss of one sample, and its slope."""

    value: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (yhat [k], y [k]) -> scalar
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]  # dL/dyhat [k]


LOSSES: dict[str, Loss] = {
    "squared": Loss(
        lambda yhat, y: np.sum((yhat - y) ** 2, axis=-1), lambda yhat, y: 2 * (yhat - y)
    ),
}


class OneSample(NamedTuple):
    """Everything computed for one sample."""

    preacts: list[np.ndarray]  # z_l, [n_l]
    acts: list[np.ndarray]  # h_0 = x, h_1, ...
    loss: float
    grads: list[tuple[np.ndarray, np.ndarray]]  # (dL/dw [n_in, n_out], dL/db [n_out])


def one_sample(
    params: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    *,
    activations: Sequence[str],
    loss: str = "squared",
) -> OneSample:
    """Runs forward and backward on one unbatched vector, in float64.

    Args:
      params: (w [n_in, n_out], b [n_out]) a layer, any floating dtype.
      x: [d].
      y: [k].
      activations: keys of ACTIVATIONS, one for each hidden layer.
      loss: a key of LOSSES.
    """
    phis = [ACTIVATIONS[name] for name in activations]
    with np.errstate(all="ignore"):  # an overflow shows in the result
        return _one_sample(params, x, y, phis, LOSSES[loss])


def _one_sample(
    params: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    activations: Sequence[Activation],
    loss: Loss,
) -> OneSample:
    wide = [(np.asarray(w, np.float64), np.asarray(b, np.float64)) for w, b in params]
    acts = [np.asarray(x, np.float64)]
    preacts: list[np.ndarray] = []
    for layer, (w, b) in enumerate(wide):
        if layer:
            acts.append(activations[layer - 1].value(preacts[-1]))
        preacts.append(np.dot(acts[-1], w) + b)
    yhat = preacts[-1]

    delta = loss.slope(yhat, y)
    grads: list[tuple[np.ndarray, np.ndarray]] = []
    for layer in reversed(range(len(wide))):
        grads.insert(0, (np.outer(acts[layer], delta), delta))
        if layer:
            slope = activations[layer - 1].slope(preacts[layer - 1])
            delta = np.dot(wide[layer][0], delta) * slope
    return OneSample(preacts, acts, float(loss.value(yhat, y)), grads)


def one_batch(
    params: Sequence[tuple[np.ndarray, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    *,
    reduction: str,
    activations: Sequence[str],
    loss: str = "squared",
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns the gradient of the mean or the sum of the losses of x [N, d] and y [N, k].

    Samples are rows of matrices, and dL/dw is h^T delta: all at once, in float64.
    """
    phis = [ACTIVATIONS[name] for name in activations]
    wide = [(np.asarray(w, np.float64), np.asarray(b, np.float64)) for w, b in params]
    with np.errstate(all="ignore"):  # an overflow shows in the result
        acts = [np.asarray(x, np.float64)]
        preacts: list[np.ndarray] = []
        for layer, (w, b) in enumerate(wide):
            if layer:
                acts.append(phis[layer - 1].value(preacts[-1]))
            preacts.append(np.matmul(acts[-1], w) + b)
        delta = np.stack([LOSSES[loss].slope(*row) for row in zip(preacts[-1], y, strict=True)])
        delta = delta / len(x) if reduction == "mean" else delta
        grads: list[tuple[np.ndarray, np.ndarray]] = []
        for layer in reversed(range(len(wide))):
            grads.insert(0, (np.matmul(acts[layer].T, delta), np.sum(delta, axis=0)))
            if layer:
                slope = phis[layer - 1].slope(preacts[layer - 1])
                delta = np.matmul(delta, wide[layer][0].T) * slope
    return grads
