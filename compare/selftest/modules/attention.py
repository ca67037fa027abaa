"""`nn.MultiheadAttention`, and attention as one writes it: [N, time, features]."""

import math

import jax.numpy as jnp
import torch
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, Example, State, normals
from compare.selftest.modules.jax_layers import attention, joined_heads, linear, split_heads


class SelfAttention(nn.Module):
    """`nn.MultiheadAttention` of x to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


def multihead(state: State, name: str, x: Array, heads: int) -> Array:
    """What `nn.MultiheadAttention` computes of x and itself."""
    packed = x @ state[f"{name}.in_proj_weight"].T + state[f"{name}.in_proj_bias"]
    q, k, v = (split_heads(one, heads) for one in jnp.split(packed, 3, axis=-1))
    seen = joined_heads(attention(q, k, v))
    projected = seen @ state[f"{name}.out_proj.weight"].T + state[f"{name}.out_proj.bias"]
    return cut(projected, f"{name}[0]")


def _self_attention_twin(state: State, x: Array) -> Array:
    return multihead(state, "attention", x, 4)


class AttentionWithWeights(nn.Module):
    """Two outputs: what is attended to, and how much."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.attention(x, x, x)


class CausalAttention(nn.Module):
    """Attention to what came before, each step of it by itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def split(self, x: torch.Tensor) -> torch.Tensor:
        """[N, time, heads d] to [N, heads, time, d]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def score(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        """How much each time asks for each other one."""
        return q @ k.mT / math.sqrt(q.shape[-1])

    def mask(self, scores: torch.Tensor) -> torch.Tensor:
        """Shuts out what comes later."""
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        return scores.masked_fill(~seen, -math.inf)

    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        """Shares that sum to 1."""
        return scores.softmax(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (self.split(one) for one in self.qkv(x).chunk(3, -1))
        seen = self.weigh(self.mask(self.score(q, k))) @ v
        return self.proj(seen.transpose(1, 2).flatten(2))


def causal_attention(state: State, name: str, x: Array, heads: int) -> Array:
    """The twin of `CausalAttention`."""
    packed = jnp.split(linear(state, f"{name}.qkv", x), 3, axis=-1)
    q, k, v = (split_heads(one, heads) for one in packed)
    return linear(state, f"{name}.proj", joined_heads(attention(q, k, v, is_causal=True)))


class CrossAttention(nn.Module):
    """Queries of one sequence to keys and values of another, some of them padding."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, kdim=6, vdim=6, batch_first=True)
        self.register_buffer("padding", torch.arange(5) >= 4)

    def forward(self, x: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        padding = self.padding.expand(len(memory), -1)
        seen, _ = self.attention(self.norm(x), memory, memory, key_padding_mask=padding)
        return x + seen


ATTENTION = (
    Example("self-attention", SelfAttention, normals((2, 7, 16)), _self_attention_twin),
    Example("attention with its weights", AttentionWithWeights, normals((2, 7, 16))),
    Example("cross-attention", CrossAttention, normals((2, 4, 8), (2, 5, 6))),
)
