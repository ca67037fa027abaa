"""A transformer in Haiku, norms first."""

from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.attention import Attending
from compare.selftest.ports.haiku.params import Tree, attention, embedding, linear, norm
from compare.selftest.ports.networks import TRANSFORMER
from compare.selftest.ports.port import Port


class HaikuAttention(hk.Module):
    """Haiku's own attention to what came before."""

    def __call__(self, x: Array) -> Array:
        init = hk.initializers.VarianceScaling()
        return hk.MultiHeadAttention(2, 8, w_init=init, name="mha")(x, x, x, self.mask(x.shape[1]))

    def mask(self, time: int) -> Array:
        """Shuts out what comes later: [N, heads, time, time]."""
        return jnp.tril(jnp.ones((1, 1, time, time), bool))


class CausalAttention(Attending, hk.Module):
    """The same by hand."""

    def __call__(self, x: Array) -> Array:
        packed = hk.Linear(3 * x.shape[-1], name="qkv")(x)
        return hk.Linear(x.shape[-1], name="proj")(self.attended(packed, 2))


class Block(hk.Module):
    """Attention and then a feed-forward network."""

    def __init__(self, attention: Any, *, eps: float = 1e-5, name: str = "block") -> None:
        super().__init__(name=name)
        self.attention, self.eps = attention, eps

    def __call__(self, x: Array) -> Array:
        x = x + self.attention(name="attn")(layer_norm("ln1", self.eps)(x))
        h = hk.Linear(4 * x.shape[-1], name="fc1")(layer_norm("ln2")(x))
        return self.added(x, hk.Linear(x.shape[-1], name="fc2")(self.activation(h)))

    def activation(self, h: Array) -> Array:
        """Between both layers of the feed-forward network."""
        return jax.nn.gelu(h, approximate=False)

    def added(self, x: Array, h: Array) -> Array:
        """What goes around the feed-forward network, and what it makes."""
        return x + h


def layer_norm(name: str, eps: float = 1e-5) -> hk.LayerNorm:
    """Makes one with a scale and an offset."""
    return hk.LayerNorm(-1, create_scale=True, create_offset=True, eps=eps, name=name)


class Transformer(hk.Module):
    """Tokens to logits of the next: [N, time] to [N, time, vocabulary]."""

    def __init__(
        self,
        *,
        attentions: tuple[Any, Any] = (HaikuAttention, CausalAttention),
        blocks: tuple[Any, Any] = (Block, Block),
        name: str = "transformer",
    ) -> None:
        super().__init__(name=name)
        self.pairs = tuple(zip(blocks, attentions, strict=True))

    def __call__(self, words: Array) -> Array:
        x = self.embedded(hk.Embed(30, 16, name="tok")(words))
        x = x + hk.Embed(8, 16, name="pos")(jnp.arange(words.shape[1]))
        for i, (block, attn) in enumerate(self.pairs):
            x = block(attn, name=f"block_{i}")(x)
        return hk.Linear(30, with_bias=False, name="head")(layer_norm("ln_f")(x))

    def embedded(self, x: Array) -> Array:
        """What positions are added to."""
        return x


def transformer_params(state: State) -> Tree:
    """Converts the weights of `Transformer`."""
    first, second = "transformer/block_0", "transformer/block_1"
    params = attention(state, "blocks.0.attn.mha", f"{first}/attn/mha")
    for one in ("qkv", "proj"):
        params[f"{second}/attn/{one}"] = linear(state, f"blocks.1.attn.{one}")
    for i, block in enumerate((first, second)):
        params |= {f"{block}/{one}": norm(state, f"blocks.{i}.{one}") for one in ("ln1", "ln2")}
        for one in ("fc1", "fc2"):
            params[f"{block}/{one}"] = linear(state, f"blocks.{i}.mlp.{one}")
    params |= {f"transformer/{one}": embedding(state, one) for one in ("tok", "pos")}
    ends = {"transformer/ln_f": norm(state, "ln_f"), "transformer/head": linear(state, "head")}
    return params | ends


def transformer(state: State, kind: type[Transformer] = Transformer, **options: Any) -> Model:
    """Makes a network with the weights that it has in torch."""
    network = hk.transform(lambda words: kind(**options, name="transformer")(words))
    return Model(hk.without_apply_rng(network), transformer_params(state))


TRANSFORMERS = (Port("Haiku", TRANSFORMER, transformer),)
