"""A backward by hand in NumPy float64, for one unbatched sample: a fourth way to the gradient.

It starts from its own forward pass and shares no code with the other implementations.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.activation_names import row_of

_C = np.sqrt(2 / np.pi)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _gelu_tanh(z: np.ndarray) -> np.ndarray:
    return 0.5 * z * (1 + np.tanh(_C * (z + 0.044715 * z**3)))


def _gelu_slope(z: np.ndarray) -> np.ndarray:
    t = np.tanh(_C * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * _C * (1 + 0.134145 * z**2)


def _cdf(z: np.ndarray) -> np.ndarray:
    return 0.5 * np.vectorize(math.erfc, otypes=[np.float64])(-z / math.sqrt(2))


def _mish_slope(z: np.ndarray) -> np.ndarray:
    t = np.tanh(np.logaddexp(0, z))
    return t + z * (1 - t**2) * _sigmoid(z)


def _inside(z: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.where((z > low) & (z < high), 1.0, 0.0)


class Activation(NamedTuple):
    """phi and its derivative."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


def leaky_relu(slope: float = 0.01) -> Activation:
    """Returns z where z > 0, else slope z."""
    return Activation(
        lambda z: np.where(z > 0, z, slope * z), lambda z: np.where(z > 0, 1.0, slope)
    )


def elu(alpha: float = 1.0, scale: float = 1.0) -> Activation:
    """Returns z where z > 0, else alpha (exp(z) - 1), and all of it times a scale."""

    def slope(z: np.ndarray) -> np.ndarray:
        return scale * np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))

    return Activation(
        lambda z: scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))), slope
    )


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(_sigmoid, lambda z: _sigmoid(z) * _sigmoid(-z)),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": Activation(lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "softplus": Activation(lambda z: np.logaddexp(0, z), _sigmoid),
    "silu": Activation(lambda z: z * _sigmoid(z), lambda z: _sigmoid(z) * (1 + z * _sigmoid(-z))),
    "gelu": Activation(_gelu_tanh, _gelu_slope),
    "identity": Activation(lambda z: z, np.ones_like),
    "leaky_relu": leaky_relu(),
    "elu": elu(),
    "selu": elu(1.6732632423543772, scale=1.0507009873554805),
    "gelu_erf": Activation(
        lambda z: z * _cdf(z), lambda z: _cdf(z) + z * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    ),
    "relu6": Activation(lambda z: np.clip(z, 0, 6), lambda z: _inside(z, 0, 6)),
    "hard_tanh": Activation(lambda z: np.clip(z, -1, 1), lambda z: _inside(z, -1, 1)),
    "hard_sigmoid": Activation(lambda z: np.clip(z + 3, 0, 6) / 6, lambda z: _inside(z, -3, 3) / 6),
    "hard_swish": Activation(
        lambda z: z * np.clip(z + 3, 0, 6) / 6,
        lambda z: np.where(z <= -3, 0, np.where(z < 3, (2 * z + 3) / 6, 1)),
    ),
    "mish": Activation(lambda z: z * np.tanh(np.logaddexp(0, z)), _mish_slope),
    "softsign": Activation(lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2),
}
# name -> function of the number that such a name may have
FAMILIES: dict[str, Callable[[float], Activation]] = {"leaky_relu": leaky_relu, "elu": elu}


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
      activations: names, one for each hidden layer.
      loss: a key of LOSSES.
    """
    phis = [row_of(name, ACTIVATIONS, FAMILIES) for name in activations]
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
