"""A language model with root-mean-square norms, rotary positions and grouped queries."""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, Example, State, tokens
from compare.selftest.modules.jax_layers import attention, joined_heads, linear, rms_norm

_WIDTH, _HEADS, _GROUPS, _D, _TIME, _WORDS = 16, 4, 2, 4, 6, 20


class RmsNorm(nn.Module):
    """Divides by the root of the mean square."""

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class GroupedAttention(nn.Module):
    """Several heads of queries to each of keys and values, turned by their places."""

    def __init__(self) -> None:
        super().__init__()
        self.q = nn.Linear(_WIDTH, _HEADS * _D, bias=False)
        self.k, self.v = (nn.Linear(_WIDTH, _GROUPS * _D, bias=False) for _ in range(2))
        self.out = nn.Linear(_HEADS * _D, _WIDTH, bias=False)
        angles = torch.arange(_TIME)[:, None] * 100.0 ** -(torch.arange(_D // 2) / (_D // 2))
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def turn(self, x: torch.Tensor) -> torch.Tensor:
        """Turns each pair of the two halves by the angle of its place."""
        a, b = x.chunk(2, -1)
        return torch.cat([a * self.cos - b * self.sin, a * self.sin + b * self.cos], -1)

    def shared(self, x: torch.Tensor) -> torch.Tensor:
        """Gives each head of queries its own copy: heads 0 and 1 have the first."""
        return x.repeat_interleave(_HEADS // _GROUPS, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.turn(self.q(x).unflatten(-1, (_HEADS, _D)).transpose(1, 2))
        k, v = (one(x).unflatten(-1, (_GROUPS, _D)).transpose(1, 2) for one in (self.k, self.v))
        k, v = self.shared(self.turn(k)), self.shared(v)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(seen.transpose(1, 2).flatten(2))


class SwiGlu(nn.Module):
    """A gated feed-forward network."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.up = (nn.Linear(_WIDTH, 24, bias=False) for _ in range(2))
        self.down = nn.Linear(24, _WIDTH, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class LlamaBlock(nn.Module):
    """Both of them, behind norms."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.attn = RmsNorm(_WIDTH), GroupedAttention()
        self.norm2, self.mlp = RmsNorm(_WIDTH), SwiGlu()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Llama(nn.Module):
    """Two blocks, and logits by the embedding itself: their weights are tied."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(_WORDS, _WIDTH)
        self.blocks = nn.Sequential(LlamaBlock(), LlamaBlock())
        self.norm = RmsNorm(_WIDTH)
        self.head = nn.Linear(_WIDTH, _WORDS, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.blocks(self.embed(words))))


def _turned(state: State, name: str, x: Array) -> Array:
    """[N, heads, time, d] as complex numbers, times e^(i angle)."""
    cos, sin = state[f"{name}.cos"], state[f"{name}.sin"]
    real, imaginary = x[..., : _D // 2], x[..., _D // 2 :]
    return jnp.concatenate([real * cos - imaginary * sin, real * sin + imaginary * cos], axis=-1)


def _attention_twin(state: State, name: str, x: Array) -> Array:
    def projected(which: str, heads: int) -> Array:
        made = linear(state, f"{name}.{which}", x)
        return jnp.swapaxes(made.reshape(*x.shape[:2], heads, _D), 1, 2)

    q, k, v = (projected(*one) for one in (("q", _HEADS), ("k", _GROUPS), ("v", _GROUPS)))
    q, k = (_turned(state, name, one) for one in (q, k))
    group = jnp.arange(_HEADS) // (_HEADS // _GROUPS)
    seen = attention(q, k[:, group], v[:, group], is_causal=True)
    return linear(state, f"{name}.out", joined_heads(seen))


def _llama_twin(state: State, words: Array) -> Array:
    x = cut(state["embed.weight"][words], "embed")
    for i in range(2):
        name = f"blocks.{i}"
        x = x + _attention_twin(state, f"{name}.attn", rms_norm(state, f"{name}.norm1", x))
        h = rms_norm(state, f"{name}.norm2", x)
        gate, up = (linear(state, f"{name}.mlp.{which}", h) for which in ("gate", "up"))
        x = cut(x + linear(state, f"{name}.mlp.down", jax.nn.silu(gate) * up), name)
    tied = {"head.weight": state["embed.weight"]}
    return linear(tied, "head", rms_norm(state, "norm", x))


LLAMA = (Example("llama", Llama, tokens(_WORDS, 2, _TIME), _llama_twin),)
