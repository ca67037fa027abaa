"""Activations of the backward by hand in NumPy float64; they share no code with any other."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_C = np.sqrt(2 / np.pi)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Returns 1 / (1 + exp(-z))."""
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
    return t + z * (1 - t**2) * sigmoid(z)


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
    "sigmoid": Activation(sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": Activation(lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "softplus": Activation(lambda z: np.logaddexp(0, z), sigmoid),
    "silu": Activation(lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
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
