"""Activations that a network may have in place of its own, in NumPy."""

import math
from collections.abc import Mapping

import numpy as np

from compare.implementations.numpy_activations import ACTIVATIONS, Activation


def _normal_cdf(z: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2))))


def _erf_gelu_slope(z: np.ndarray) -> np.ndarray:
    return _normal_cdf(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _below(z: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.where(z > 0, above, below)


def _between(z: np.ndarray, low: float, high: float, slope: float = 1.0) -> np.ndarray:
    return np.where((z > low) & (z < high), slope, 0)


def leaky(slope: float) -> Activation:
    """Returns a leaky relu."""
    return Activation(lambda z: np.where(z > 0, z, slope * z), lambda z: np.where(z > 0, 1, slope))


def _mish(z: np.ndarray) -> np.ndarray:
    return z * np.tanh(np.logaddexp(0, z))


def _mish_slope(z: np.ndarray) -> np.ndarray:
    t = np.tanh(np.logaddexp(0, z))
    return t + z * (1 - t * t) * ACTIVATIONS["sigmoid"].value(z)


_SELU, _SELU_BELOW = 1.0507009873554805, 1.7580993408473766

# The others of the catalogue are written anew.
_NAMED = ("sigmoid", "tanh", "relu", "softplus", "silu", "gelu", "identity")
PHIS: Mapping[str, Activation] = {
    **{name: ACTIVATIONS[name] for name in _NAMED},
    "gelu in its erf form": Activation(lambda z: z * _normal_cdf(z), _erf_gelu_slope),
    "leaky relu with 0.01": leaky(0.01),
    "leaky relu with 0.1": leaky(0.1),
    "leaky relu with 0.2": leaky(0.2),
    "elu": Activation(
        lambda z: _below(z, z, np.expm1(np.minimum(z, 0))),
        lambda z: _below(z, np.ones_like(z), np.exp(np.minimum(z, 0))),
    ),
    "selu": Activation(
        lambda z: _below(z, _SELU * z, _SELU_BELOW * np.expm1(np.minimum(z, 0))),
        lambda z: _below(z, _SELU * np.ones_like(z), _SELU_BELOW * np.exp(np.minimum(z, 0))),
    ),
    "hard tanh": Activation(lambda z: np.clip(z, -1, 1), lambda z: _between(z, -1, 1)),
    "hard sigmoid": Activation(
        lambda z: np.clip(z / 6 + 0.5, 0, 1), lambda z: _between(z, -3, 3, 1 / 6)
    ),
    "hard swish": Activation(
        lambda z: z * np.clip(z / 6 + 0.5, 0, 1),
        lambda z: np.where(z >= 3, 1, np.where(z > -3, z / 3 + 0.5, 0)),
    ),
    "mish": Activation(_mish, _mish_slope),
    "softsign": Activation(lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2),
    "sin": Activation(np.sin, np.cos),
    "z^2": Activation(np.square, lambda z: 2 * z),
}

# Nobody has a name for these.
NAMELESS: Mapping[str, Activation] = {
    "cos": Activation(np.cos, lambda z: -np.sin(z)),
    "z |z|": Activation(lambda z: z * np.abs(z), lambda z: 2 * np.abs(z)),
    "sqrt(1 + z^2)": Activation(lambda z: np.sqrt(1 + z * z), lambda z: z / np.sqrt(1 + z * z)),
    "z^3": Activation(lambda z: z**3, lambda z: 3 * z**2),
    "exp(-z^2)": Activation(lambda z: np.exp(-z * z), lambda z: -2 * z * np.exp(-z * z)),
    "arctan": Activation(np.arctan, lambda z: 1 / (1 + z * z)),
    "log(1 + |z|)": Activation(
        lambda z: np.log1p(np.abs(z)), lambda z: np.sign(z) / (1 + np.abs(z))
    ),
    "arsinh": Activation(np.arcsinh, lambda z: 1 / np.sqrt(1 + z * z)),
    "z / (1 + z^2)": Activation(
        lambda z: z / (1 + z * z), lambda z: (1 - z * z) / (1 + z * z) ** 2
    ),
}
