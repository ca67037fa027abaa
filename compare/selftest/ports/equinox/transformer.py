"""A transformer in Equinox, norms first: [time] of one sample."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from compare.selftest.modules.example import Array, State
from compare.selftest.ports.attention import Attending
from compare.selftest.ports.equinox.weights import KEY, loaded
from compare.selftest.ports.networks import TRANSFORMER
from compare.selftest.ports.port import Port


class EquinoxAttention(eqx.Module):
    """Equinox' own attention to what came before."""

    mha: eqx.nn.MultiheadAttention

    def __init__(self, state: State, name: str) -> None:
        biases = {f"use_{one}_bias": True for one in ("query", "key", "value", "output")}
        mha = eqx.nn.MultiheadAttention(2, 16, **biases, key=KEY)
        packed = {one: state[f"{name}.mha.in_proj_{one}"] for one in ("weight", "bias")}
        parts = {one: jnp.split(packed[one], 3) for one in packed}
        for i, part in enumerate(("query_proj", "key_proj", "value_proj")):
            layer = loaded(getattr(mha, part), {f".{one}": parts[one][i] for one in parts}, "")
            mha = eqx.tree_at(lambda one, part=part: getattr(one, part), mha, layer)
        out = loaded(mha.output_proj, state, f"{name}.mha.out_proj")
        self.mha = eqx.tree_at(lambda one: one.output_proj, mha, out)

    def __call__(self, x: Array) -> Array:
        return self.mha(x, x, x, mask=self.mask(len(x)))

    def mask(self, time: int) -> Array:
        """Shuts out what comes later."""
        return jnp.tril(jnp.ones((time, time), bool))


class CausalAttention(Attending, eqx.Module):
    """The same by hand."""

    qkv: eqx.nn.Linear
    proj: eqx.nn.Linear

    def __init__(self, state: State, name: str) -> None:
        self.qkv = loaded(eqx.nn.Linear(16, 48, key=KEY), state, f"{name}.qkv")
        self.proj = loaded(eqx.nn.Linear(16, 16, key=KEY), state, f"{name}.proj")

    def __call__(self, x: Array) -> Array:
        return jax.vmap(self.proj)(self.attended(jax.vmap(self.qkv)(x), 2))


class Block(eqx.Module):
    """Attention and then a feed-forward network."""

    ln1: eqx.nn.LayerNorm
    attn: Any
    ln2: eqx.nn.LayerNorm
    fc1: eqx.nn.Linear
    fc2: eqx.nn.Linear

    def __init__(
        self, attention: Any, state: State, name: str, *, norm: Any = eqx.nn.LayerNorm
    ) -> None:
        self.ln1 = loaded(eqx.nn.LayerNorm(16), state, f"{name}.ln1")
        self.attn = attention(state, f"{name}.attn")
        self.ln2 = loaded(norm(16), state, f"{name}.ln2")
        self.fc1 = loaded(eqx.nn.Linear(16, 64, key=KEY), state, f"{name}.mlp.fc1")
        self.fc2 = loaded(eqx.nn.Linear(64, 16, key=KEY), state, f"{name}.mlp.fc2")

    def __call__(self, x: Array) -> Array:
        x = x + self.attn(jax.vmap(self.ln1)(x))
        h = self.activation(jax.vmap(self.fc1)(jax.vmap(self.ln2)(x)))
        return self.added(x, jax.vmap(self.fc2)(h))

    def activation(self, h: Array) -> Array:
        """Between both layers of the feed-forward network."""
        return jax.nn.gelu(h, approximate=False)

    def added(self, x: Array, h: Array) -> Array:
        """What goes around the feed-forward network, and what it makes."""
        return x + h


class Transformer(eqx.Module):
    """Tokens to logits of the next: [time] to [time, vocabulary]."""

    tok: eqx.nn.Embedding
    pos: eqx.nn.Embedding
    blocks: list[Block]
    ln_f: eqx.nn.LayerNorm
    head: eqx.nn.Linear

    def __init__(
        self,
        state: State,
        *,
        attentions: tuple[Any, Any] = (EquinoxAttention, CausalAttention),
        blocks: tuple[Any, Any] = (Block, Block),
    ) -> None:
        self.tok = loaded(eqx.nn.Embedding(30, 16, key=KEY), state, "tok")
        self.pos = loaded(eqx.nn.Embedding(8, 16, key=KEY), state, "pos")
        pairs = enumerate(zip(blocks, attentions, strict=True))
        self.blocks = [block(attn, state, f"blocks.{i}") for i, (block, attn) in pairs]
        self.ln_f = loaded(eqx.nn.LayerNorm(16), state, "ln_f")
        self.head = loaded(eqx.nn.Linear(16, 30, use_bias=False, key=KEY), state, "head")

    def __call__(self, words: Array) -> Array:
        x = jax.vmap(self.tok)(words) + jax.vmap(self.pos)(self.positions(len(words)))
        for block in self.blocks:
            x = block(x)
        return jax.vmap(self.head)(jax.vmap(self.ln_f)(x))

    def positions(self, time: int) -> Array:
        """Which one each time is."""
        return jnp.arange(time)


def transformer(state: State, kind: Any = Transformer, **options: Any) -> eqx.Module:
    """Makes a network with the weights that it has in torch."""
    return kind(state, **options)


TRANSFORMERS = (Port("Equinox", TRANSFORMER, transformer),)
