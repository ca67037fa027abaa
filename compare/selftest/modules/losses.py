"""Modules that end in a loss: their output is one number."""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, Example, State, normals
from compare.selftest.modules.jax_layers import cross_entropy, linear


class Classifier(nn.Module):
    """Cross-entropy with weights of the classes and smoothed labels."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 5)
        self.register_buffer("weights", 0.5 + torch.rand(5))
        self.smoothing = 0.1

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean over samples, by their weights."""
        return F.cross_entropy(logits, labels, weight=self.weights, label_smoothing=self.smoothing)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return self.loss(self.linear(x), labels)


def _classifier_twin(state: State, x: Array, labels: Array) -> Array:
    log_p = jax.nn.log_softmax(linear(state, "linear", x))
    weights = state["weights"]
    smooth = 0.9 * jax.nn.one_hot(labels, 5, dtype=log_p.dtype) + 0.1 / 5
    return -jnp.sum(smooth * weights * log_p) / jnp.sum(weights[labels])


class Contrastive(nn.Module):
    """Two views by one encoder, each to be told from the others of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 10), nn.Tanh(), nn.Linear(10, 4))
        self.temperature = 0.5

    def similarity(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Cosines of all pairs."""
        return F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).mT

    def forward(self, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        logits = self.similarity(self.encoder(x), self.encoder(other)) / self.temperature
        labels = torch.arange(len(x))
        return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.mT, labels)) / 2


def _contrastive_twin(state: State, x: Array, other: Array) -> Array:
    def affine(h: Array, name: str, call: str) -> Array:
        return cut(h @ state[f"{name}.weight"].T + state[f"{name}.bias"], f"{name}{call}")

    def encoded(one: Array, call: str) -> Array:
        h = cut(jnp.tanh(affine(one, "encoder.0", call)), f"encoder.1{call}")
        h = affine(h, "encoder.2", call)
        return h / jnp.linalg.norm(h, axis=-1, keepdims=True)

    logits = encoded(x, "") @ encoded(other, "@1").T / 0.5
    labels = jnp.arange(x.shape[0])
    return (cross_entropy(logits, labels) + cross_entropy(logits.T, labels)) / 2


def _with_labels() -> tuple[torch.Tensor, ...]:
    return torch.randn(6, 8), torch.randint(0, 5, (6,))


LOSSES = (
    Example("classifier", Classifier, _with_labels, _classifier_twin),
    Example("contrastive loss", Contrastive, normals((5, 6), (5, 6)), _contrastive_twin),
)
