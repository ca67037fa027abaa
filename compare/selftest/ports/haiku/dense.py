"""A perceptron in Haiku, and its loss."""

from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp
import optax

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.haiku.params import Tree, linear, norm
from compare.selftest.ports.networks import CLASSIFIER, MLP
from compare.selftest.ports.port import Port


class Mlp(hk.Module):
    """[N, 10] to logits of 5 classes."""

    def __init__(self, *, eps: float = 1e-5, has_bias: bool = True, name: str = "mlp") -> None:
        super().__init__(name=name)
        self.eps, self.has_bias = eps, has_bias

    def __call__(self, x: Array) -> Array:
        x = hk.Linear(24, name="fc1")(x)
        x = hk.LayerNorm(-1, create_scale=True, create_offset=True, eps=self.eps, name="norm")(x)
        x = hk.Linear(24, name="fc2")(self.activation(x))
        return hk.Linear(5, with_bias=self.has_bias, name="fc3")(jnp.tanh(x))

    def activation(self, x: Array) -> Array:
        """The first of them."""
        return jax.nn.gelu(x, approximate=False)


class Classifier(hk.Module):
    """Cross-entropy with smoothed labels, as a mean over samples."""

    def __init__(self, *, smoothing: float = 0.1, name: str = "classifier") -> None:
        super().__init__(name=name)
        self.smoothing = smoothing

    def __call__(self, x: Array, labels: Array) -> Array:
        logits = Mlp()(x)
        targets = optax.smooth_labels(jax.nn.one_hot(labels, 5, dtype=x.dtype), self.smoothing)
        return self.reduced(optax.softmax_cross_entropy(logits, targets))

    def reduced(self, losses: Array) -> Array:
        """Of all samples to one number."""
        return losses.mean()


def mlp_params(state: State, prefix: str = "", within: str = "mlp") -> Tree:
    """Converts the weights of `Mlp`."""
    layers = {f"{within}/{one}": linear(state, f"{prefix}{one}") for one in ("fc1", "fc2", "fc3")}
    return layers | {f"{within}/norm": norm(state, f"{prefix}norm")}


def mlp(state: State, kind: type[Mlp] = Mlp, **options: Any) -> Model:
    """Makes a perceptron with the weights that it has in torch."""
    return Model(
        hk.without_apply_rng(hk.transform(lambda x: kind(**options, name="mlp")(x))),
        mlp_params(state),
    )


def classifier(state: State, kind: type[Classifier] = Classifier, **options: Any) -> Model:
    """Makes a classifier with the weights that it has in torch."""
    return Model(
        hk.without_apply_rng(
            hk.transform(lambda x, labels: kind(**options, name="classifier")(x, labels))
        ),
        mlp_params(state, "mlp.", "classifier/mlp"),
    )


DENSE = (Port("Haiku", MLP, mlp), Port("Haiku", CLASSIFIER, classifier))
