"""A perceptron in Flax linen, and its loss."""

from typing import Any

import jax
import optax
from flax import linen as nn

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.linen.variables import Tree, dense, norm
from compare.selftest.ports.networks import CLASSIFIER, MLP
from compare.selftest.ports.port import Port


class Mlp(nn.Module):
    """[N, 10] to logits of 5 classes."""

    eps: float = 1e-5
    dtype: Any = None  # of the second layer

    @nn.compact
    def __call__(self, x: Array) -> Array:
        x = nn.Dense(24)(x)
        x = nn.LayerNorm(epsilon=self.eps)(x)
        x = nn.Dense(24, dtype=self.dtype)(self.activation(x))
        x = nn.tanh(x)
        return nn.Dense(5)(x)

    def activation(self, x: Array) -> Array:
        """The first of them."""
        return nn.gelu(x, approximate=False)


class Classifier(nn.Module):
    """Cross-entropy with smoothed labels, as a mean over samples."""

    smoothing: float = 0.1

    @nn.compact
    def __call__(self, x: Array, labels: Array) -> Array:
        logits = Mlp()(x)
        targets = optax.smooth_labels(jax.nn.one_hot(labels, 5, dtype=x.dtype), self.smoothing)
        return self.reduced(optax.softmax_cross_entropy(logits, targets))

    def reduced(self, losses: Array) -> Array:
        """Of all samples to one number."""
        return losses.mean()


def mlp_params(state: State, prefix: str = "") -> Tree:
    """Converts the weights of the perceptron."""
    return {
        "Dense_0": dense(state, f"{prefix}fc1"),
        "LayerNorm_0": norm(state, f"{prefix}norm"),
        "Dense_1": dense(state, f"{prefix}fc2"),
        "Dense_2": dense(state, f"{prefix}fc3"),
    }


def mlp(state: State, kind: type[nn.Module] = Mlp, **options: Any) -> Model:
    """Makes a perceptron with the weights that it has in torch."""
    return Model(kind(**options), {"params": mlp_params(state)})


def classifier(state: State, kind: type[nn.Module] = Classifier, **options: Any) -> Model:
    """Makes a classifier with the weights that it has in torch."""
    return Model(kind(**options), {"params": {"Mlp_0": mlp_params(state, "mlp.")}})


DENSE = (Port("Flax linen", MLP, mlp), Port("Flax linen", CLASSIFIER, classifier))
