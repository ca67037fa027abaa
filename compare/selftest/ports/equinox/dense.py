"""A perceptron in Equinox, and its loss."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from compare.selftest.modules.example import Array, State
from compare.selftest.ports.equinox.weights import KEY, loaded
from compare.selftest.ports.networks import CLASSIFIER, MLP
from compare.selftest.ports.port import Port


class Mlp(eqx.Module):
    """[10] to logits of 5 classes."""

    fc1: eqx.nn.Linear
    norm: eqx.nn.LayerNorm
    fc2: eqx.nn.Linear
    fc3: eqx.nn.Linear

    def __init__(self, state: State, prefix: str = "", *, eps: float = 1e-5) -> None:
        self.fc1 = loaded(eqx.nn.Linear(10, 24, key=KEY), state, f"{prefix}fc1")
        self.norm = loaded(eqx.nn.LayerNorm(24, eps=eps), state, f"{prefix}norm")
        self.fc2 = loaded(eqx.nn.Linear(24, 24, key=KEY), state, f"{prefix}fc2")
        self.fc3 = loaded(eqx.nn.Linear(24, 5, key=KEY), state, f"{prefix}fc3")

    def __call__(self, x: Array) -> Array:
        h = self.activation(self.norm(self.fc1(x)))
        return self.fc3(jnp.tanh(self.fc2(h)))

    def activation(self, x: Array) -> Array:
        """The first of them."""
        return jax.nn.gelu(x, approximate=False)


class Classifier(eqx.Module):
    """Cross-entropy with smoothed labels, as a mean over samples."""

    mlp: Mlp
    smoothing: float = eqx.field(static=True)

    def __init__(self, state: State, *, smoothing: float = 0.1) -> None:
        self.mlp = Mlp(state, "mlp.")
        self.smoothing = smoothing

    def __call__(self, x: Array, labels: Array) -> Array:
        logits = jax.vmap(self.mlp)(x)
        targets = optax.smooth_labels(jax.nn.one_hot(labels, 5, dtype=x.dtype), self.smoothing)
        return self.reduced(optax.softmax_cross_entropy(logits, targets))

    def reduced(self, losses: Array) -> Array:
        """Of all samples to one number."""
        return losses.mean()


def mlp(state: State, kind: Any = Mlp, **options: Any) -> eqx.Module:
    """Makes a perceptron with the weights that it has in torch."""
    return kind(state, **options)


def classifier(state: State, kind: Any = Classifier, **options: Any) -> eqx.Module:
    """Makes a classifier with the weights that it has in torch."""
    return kind(state, **options)


DENSE = (Port("Equinox", MLP, mlp), Port("Equinox", CLASSIFIER, classifier))
