"""A transformer in Flax linen, norms first."""

from typing import Any

import jax.numpy as jnp
from flax import linen as nn

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.attention import Attending
from compare.selftest.ports.linen.variables import Tree, dense, embedding, heads, norm
from compare.selftest.ports.networks import TRANSFORMER
from compare.selftest.ports.port import Port


class FlaxAttention(nn.Module):
    """Flax's own attention to what came before."""

    @nn.compact
    def __call__(self, x: Array) -> Array:
        attention = nn.MultiHeadDotProductAttention(num_heads=2, name="mha")
        return attention(x, mask=self.mask(x))

    def mask(self, x: Array) -> Array:
        """Shuts out what comes later."""
        return nn.make_causal_mask(x[..., 0])


class CausalAttention(Attending, nn.Module):
    """The same by hand."""

    @nn.compact
    def __call__(self, x: Array) -> Array:
        packed = nn.Dense(3 * x.shape[-1], name="qkv")(x)
        return nn.Dense(x.shape[-1], name="proj")(self.attended(packed, 2))


class Block(nn.Module):
    """Attention and then a feed-forward network."""

    attention: Any
    eps: float = 1e-5
    norm: Any = nn.LayerNorm  # before the feed-forward network

    @nn.compact
    def __call__(self, x: Array) -> Array:
        normed = nn.LayerNorm(epsilon=self.eps, name="ln1")(x)
        x = x + self.attention(name="attn")(normed)
        h = nn.Dense(4 * x.shape[-1], name="fc1")(self.norm(epsilon=1e-5, name="ln2")(x))
        return self.added(x, nn.Dense(x.shape[-1], name="fc2")(self.activation(h)))

    def activation(self, h: Array) -> Array:
        """Between both layers of the feed-forward network."""
        return nn.gelu(h, approximate=False)

    def added(self, x: Array, h: Array) -> Array:
        """What goes around the feed-forward network, and what it makes."""
        return x + h


class Transformer(nn.Module):
    """Tokens to logits of the next: [N, time] to [N, time, vocabulary]."""

    attentions: tuple[Any, Any] = (FlaxAttention, CausalAttention)
    blocks: tuple[Any, Any] = (Block, Block)

    @nn.compact
    def __call__(self, words: Array) -> Array:
        x = nn.Embed(30, 16, name="tok")(words)
        x = x + nn.Embed(8, 16, name="pos")(jnp.arange(words.shape[1]))
        for i, (block, attention) in enumerate(zip(self.blocks, self.attentions, strict=True)):
            x = block(attention, name=f"blocks_{i}")(x)
        x = nn.LayerNorm(epsilon=1e-5, name="ln_f")(x)
        return nn.Dense(30, use_bias=False, name="head")(x)


def _block(state: State, name: str, attention: Tree) -> Tree:
    return {
        "ln1": norm(state, f"{name}.ln1"),
        "attn": attention,
        "ln2": norm(state, f"{name}.ln2"),
        "fc1": dense(state, f"{name}.mlp.fc1"),
        "fc2": dense(state, f"{name}.mlp.fc2"),
    }


def transformer_variables(state: State) -> Tree:
    """Converts the weights of `Transformer`."""
    own = {one: dense(state, f"blocks.1.attn.{one}") for one in ("qkv", "proj")}
    params = {
        "tok": embedding(state, "tok"),
        "pos": embedding(state, "pos"),
        "blocks_0": _block(state, "blocks.0", {"mha": heads(state, "blocks.0.attn.mha", 2)}),
        "blocks_1": _block(state, "blocks.1", own),
        "ln_f": norm(state, "ln_f"),
        "head": dense(state, "head"),
    }
    return {"params": params}


def transformer(state: State, kind: type[nn.Module] = Transformer, **options: Any) -> Model:
    """Makes a network with the weights that it has in torch."""
    return Model(kind(**options), transformer_variables(state))


TRANSFORMERS = (Port("Flax linen", TRANSFORMER, transformer),)
