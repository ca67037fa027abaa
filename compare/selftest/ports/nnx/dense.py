"""A perceptron in Flax nnx, and its loss."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from compare.selftest.modules.example import Array, State
from compare.selftest.ports.linen.variables import Tree, dense, norm
from compare.selftest.ports.networks import CLASSIFIER, MLP
from compare.selftest.ports.nnx.weights import loaded
from compare.selftest.ports.port import Port


class Mlp(nnx.Module):
    """[N, 10] to logits of 5 classes."""

    def __init__(self, rngs: nnx.Rngs, *, eps: float = 1e-5) -> None:
        self.fc1 = nnx.Linear(10, 24, rngs=rngs)
        self.norm = nnx.LayerNorm(24, epsilon=eps, rngs=rngs)
        self.fc2 = nnx.Linear(24, 24, rngs=rngs)
        self.fc3 = nnx.Linear(24, 5, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        h = self.activation(self.norm(self.fc1(x)))
        return self.fc3(jnp.tanh(self.fc2(h)))

    def activation(self, x: Array) -> Array:
        """The first of them."""
        return nnx.gelu(x, approximate=False)


class Classifier(nnx.Module):
    """Cross-entropy with smoothed labels, as a mean over samples."""

    def __init__(self, rngs: nnx.Rngs, *, smoothing: float = 0.1) -> None:
        self.mlp = Mlp(rngs)
        self.smoothing = smoothing

    def __call__(self, x: Array, labels: Array) -> Array:
        logits = self.mlp(x)
        targets = optax.smooth_labels(jax.nn.one_hot(labels, 5, dtype=x.dtype), self.smoothing)
        return self.reduced(optax.softmax_cross_entropy(logits, targets))

    def reduced(self, losses: Array) -> Array:
        """Of all samples to one number."""
        return losses.mean()


def mlp_weights(state: State, prefix: str = "") -> Tree:
    """Converts the weights of `Mlp`."""
    layers = {name: dense(state, f"{prefix}{name}") for name in ("fc1", "fc2", "fc3")}
    return layers | {"norm": norm(state, f"{prefix}norm")}


def mlp(state: State, kind: Any = Mlp, **options: Any) -> nnx.Module:
    """Makes a perceptron with the weights that it has in torch."""
    return loaded(kind(nnx.Rngs(0), **options), mlp_weights(state))


def classifier(state: State, kind: Any = Classifier, **options: Any) -> nnx.Module:
    """Makes a classifier with the weights that it has in torch."""
    return loaded(kind(nnx.Rngs(0), **options), {"mlp": mlp_weights(state, "mlp.")})


DENSE = (Port("Flax nnx", MLP, mlp), Port("Flax nnx", CLASSIFIER, classifier))
