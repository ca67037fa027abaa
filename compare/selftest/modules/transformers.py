"""Encoders of torch's, a GPT and a vision transformer."""

import jax
import jax.numpy as jnp
import torch
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.attention import CausalAttention, causal_attention, multihead
from compare.selftest.modules.example import Array, Example, State, normals, tokens
from compare.selftest.modules.jax_layers import layer_norm, linear


def _encoder_layer() -> nn.Module:
    return nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)


def _encoder_layer_twin(state: State, x: Array) -> Array:
    attended = cut(multihead(state, "self_attn", x, 2), "dropout1")
    x = layer_norm(state, "norm1", x + attended)
    h = cut(jax.nn.relu(linear(state, "linear1", x)), "dropout")
    h = cut(linear(state, "linear2", h), "dropout2")
    return layer_norm(state, "norm2", x + h)


class CausalEncoder(nn.Module):
    """Torch's encoder, norms first, that sees the past alone."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            16, 2, 32, dropout=0.0, batch_first=True, activation="gelu", norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)
        return self.encoder(x, mask=mask, is_causal=True)


class FeedForward(nn.Module):
    """Four times as wide in between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.act = nn.Linear(width, 4 * width), nn.GELU()
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    """Attention and then a feed-forward network, each beside what goes around it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1, self.attn = nn.LayerNorm(width), CausalAttention(width, heads)
        self.ln2, self.mlp = nn.LayerNorm(width), FeedForward(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class Gpt(nn.Module):
    """Tokens to logits of the next: [N, time] to [N, time, vocabulary]."""

    def __init__(
        self, layers: int, *, width: int = 16, heads: int = 2, vocabulary: int = 30, time: int = 8
    ) -> None:
        super().__init__()
        self.tok = nn.Embedding(vocabulary, width)
        self.pos = nn.Parameter(0.5 * torch.randn(time, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

    def placed(self, x: torch.Tensor) -> torch.Tensor:
        """Adds positions."""
        return x + self.pos

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        x = self.placed(self.tok(words))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


def _gpt_twin(state: State, words: Array, *, layers: int = 2, heads: int = 2) -> Array:
    x = cut(state["tok.weight"][words], "tok") + state["pos"]
    for i in range(layers):
        name = f"blocks.{i}"
        x = x + causal_attention(state, f"{name}.attn", layer_norm(state, f"{name}.ln1", x), heads)
        h = linear(state, f"{name}.mlp.fc1", layer_norm(state, f"{name}.ln2", x))
        h = cut(jax.nn.gelu(h, approximate=False), f"{name}.mlp.act")
        x = cut(x + linear(state, f"{name}.mlp.fc2", h), name)
    return linear(state, "head", layer_norm(state, "ln_f", x))


class VisionTransformer(nn.Module):
    """Patches of an image and one token that the class is read from."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 4, stride=4)
        self.class_token = nn.Parameter(torch.randn(1, 1, 12))
        self.places = nn.Parameter(0.1 * torch.randn(1, 10, 12))
        self.layer = nn.TransformerEncoderLayer(
            12, 3, 24, dropout=0.0, batch_first=True, activation="gelu", norm_first=True
        )
        self.norm, self.head = nn.LayerNorm(12), nn.Linear(12, 5)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1) + self.places
        return self.head(self.norm(self.layer(x))[:, 0])


def _vision_twin(state: State, image: Array) -> Array:
    n = image.shape[0]
    tiles = image.reshape(n, 3, 3, 4, 3, 4).transpose(0, 2, 4, 1, 3, 5).reshape(n, 9, 48)
    x = tiles @ state["patches.weight"].reshape(12, 48).T + state["patches.bias"]
    x = cut(jnp.swapaxes(x, 1, 2).reshape(n, 12, 3, 3), "patches")
    x = jnp.swapaxes(x.reshape(n, 12, 9), 1, 2)
    first = jnp.broadcast_to(state["class_token"], (n, 1, 12))
    x = jnp.concatenate([first, x], axis=1) + state["places"]
    normed = layer_norm(state, "layer.norm1", x)
    x = x + cut(multihead(state, "layer.self_attn", normed, 3), "layer.dropout1")
    h = linear(state, "layer.linear1", layer_norm(state, "layer.norm2", x))
    h = cut(jax.nn.gelu(h, approximate=False), "layer.dropout")
    x = cut(x + cut(linear(state, "layer.linear2", h), "layer.dropout2"), "layer")
    return linear(state, "head", layer_norm(state, "norm", x)[:, 0])


TRANSFORMERS = (
    Example("encoder layer", _encoder_layer, normals((2, 7, 16)), _encoder_layer_twin),
    Example("causal encoder", CausalEncoder, normals((2, 7, 16))),
    Example("gpt", lambda: Gpt(2), tokens(30, 2, 8), _gpt_twin),
    Example("vision transformer", VisionTransformer, normals((2, 3, 12, 12)), _vision_twin),
)
