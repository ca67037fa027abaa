"""A transformer in Flax nnx, norms first."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from compare.selftest.modules.example import Array, State
from compare.selftest.ports.attention import Attending
from compare.selftest.ports.linen.variables import Tree, dense, embedding, heads, norm
from compare.selftest.ports.networks import TRANSFORMER
from compare.selftest.ports.nnx.weights import loaded
from compare.selftest.ports.port import Port


class FlaxAttention(nnx.Module):
    """Flax's own attention to what came before."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.mha = nnx.MultiHeadAttention(2, 16, decode=False, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        return self.mha(x, mask=self.mask(x))

    def mask(self, x: Array) -> Array:
        """Shuts out what comes later."""
        return nnx.make_causal_mask(x[..., 0])


class CausalAttention(Attending, nnx.Module):
    """The same by hand."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.qkv = nnx.Linear(16, 48, rngs=rngs)
        self.proj = nnx.Linear(16, 16, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        return self.proj(self.attended(self.qkv(x), 2))


class Block(nnx.Module):
    """Attention and then a feed-forward network."""

    def __init__(self, attention: Any, rngs: nnx.Rngs, *, norm: Any = nnx.LayerNorm) -> None:
        self.ln1 = nnx.LayerNorm(16, epsilon=1e-5, rngs=rngs)
        self.attn = attention(rngs)
        self.ln2 = norm(16, epsilon=1e-5, rngs=rngs)
        self.fc1 = nnx.Linear(16, 64, rngs=rngs)
        self.fc2 = nnx.Linear(64, 16, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        x = x + self.attn(self.ln1(x))
        return self.added(x, self.fc2(self.activation(self.fc1(self.ln2(x)))))

    def activation(self, h: Array) -> Array:
        """Between both layers of the feed-forward network."""
        return nnx.gelu(h, approximate=False)

    def added(self, x: Array, h: Array) -> Array:
        """What goes around the feed-forward network, and what it makes."""
        return x + h


class Transformer(nnx.Module):
    """Tokens to logits of the next: [N, time] to [N, time, vocabulary]."""

    def __init__(
        self,
        rngs: nnx.Rngs,
        *,
        attentions: tuple[Any, Any] = (FlaxAttention, CausalAttention),
        blocks: tuple[Any, Any] = (Block, Block),
    ) -> None:
        self.tok, self.pos = nnx.Embed(30, 16, rngs=rngs), nnx.Embed(8, 16, rngs=rngs)
        pairs = zip(blocks, attentions, strict=True)
        self.blocks = nnx.List([block(attention, rngs) for block, attention in pairs])
        self.ln_f = nnx.LayerNorm(16, epsilon=1e-5, rngs=rngs)
        self.head = nnx.Linear(16, 30, use_bias=False, rngs=rngs)

    def __call__(self, words: Array) -> Array:
        x = self.embedded(self.tok(words)) + self.pos(jnp.arange(words.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))

    def embedded(self, x: Array) -> Array:
        """What positions are added to."""
        return x


def _block(state: State, name: str, attention: Tree) -> Tree:
    norms = {one: norm(state, f"{name}.{one}") for one in ("ln1", "ln2")}
    layers = {one: dense(state, f"{name}.mlp.{one}") for one in ("fc1", "fc2")}
    return norms | layers | {"attn": attention}


def transformer_weights(state: State) -> Tree:
    """Converts the weights of `Transformer`."""
    own = {one: dense(state, f"blocks.1.attn.{one}") for one in ("qkv", "proj")}
    return {
        "tok": embedding(state, "tok"),
        "pos": embedding(state, "pos"),
        "blocks": {
            0: _block(state, "blocks.0", {"mha": heads(state, "blocks.0.attn.mha", 2)}),
            1: _block(state, "blocks.1", own),
        },
        "ln_f": norm(state, "ln_f"),
        "head": dense(state, "head"),
    }


def transformer(state: State, kind: Any = Transformer, **options: Any) -> nnx.Module:
    """Makes a network with the weights that it has in torch."""
    return loaded(kind(nnx.Rngs(0), **options), transformer_weights(state))


TRANSFORMERS = (Port("Flax nnx", TRANSFORMER, transformer),)
