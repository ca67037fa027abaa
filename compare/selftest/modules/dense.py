"""Affine layers and activations."""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, Example, State, normals
from compare.selftest.modules.jax_layers import layer_norm, linear


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 3)
    )


def _mlp_twin(state: State, x: Array) -> Array:
    h = cut(jnp.tanh(linear(state, "0", x)), "1")
    h = cut(jax.nn.gelu(linear(state, "2", h), approximate=False), "3")
    return linear(state, "4", h)


class Mixer(nn.Module):
    """One block of an MLP-mixer, over tokens and then over channels: [N, tokens, channels]."""

    def __init__(self, tokens: int, channels: int) -> None:
        super().__init__()
        self.token_norm, self.channel_norm = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.token_mixing = nn.Sequential(nn.Linear(tokens, 8), nn.GELU(), nn.Linear(8, tokens))
        self.channel_mixing = nn.Sequential(
            nn.Linear(channels, 16), nn.GELU(), nn.Linear(16, channels)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.token_mixing(self.token_norm(x).mT).mT
        return x + self.channel_mixing(self.channel_norm(x))


def _mixer_twin(state: State, x: Array) -> Array:
    def mixed(name: str, h: Array) -> Array:
        h = cut(jax.nn.gelu(linear(state, f"{name}.0", h), approximate=False), f"{name}.1")
        return linear(state, f"{name}.2", h)

    by_token = jnp.swapaxes(layer_norm(state, "token_norm", x), 1, 2)
    x = x + jnp.swapaxes(mixed("token_mixing", by_token), 1, 2)
    return x + mixed("channel_mixing", layer_norm(state, "channel_norm", x))


class Autoencoder(nn.Module):
    """A variational autoencoder whose noise is an input; returns its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(10, 16), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(16, 4), nn.Linear(16, 4)
        self.decoder = nn.Sequential(nn.Linear(4, 16), nn.Softplus(), nn.Linear(16, 10))

    def forward(self, x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        decoded = self.decoder(mean + noise * (0.5 * log_variance).exp())
        wrong = F.binary_cross_entropy_with_logits(decoded, x.sigmoid(), reduction="sum")
        kl = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
        return (wrong + kl) / len(x)


class WeightNormed(nn.Module):
    """Weights by direction and length, as torch's parametrization keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.utils.parametrizations.weight_norm(nn.Linear(6, 8))
        self.last = nn.utils.parametrizations.weight_norm(nn.Linear(8, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(F.elu(self.first(x)))


DENSE = (
    Example("mlp", _mlp, normals((5, 6)), _mlp_twin),
    Example("mlp mixer", lambda: Mixer(7, 12), normals((3, 7, 12)), _mixer_twin),
    Example("variational autoencoder", Autoencoder, normals((5, 10), (5, 4))),
    Example("weight norm", WeightNormed, normals((5, 6))),
)
