"""Wrong attention in transformers."""

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

from compare.selftest.modules.example import Array
from compare.selftest.port_mistakes.mistake import (
    PortMistake,
    backward,
    beside,
    forward,
    having,
)
from compare.selftest.ports.attention import Attending
from compare.selftest.ports.equinox import transformer as equinox
from compare.selftest.ports.haiku import transformer as haiku
from compare.selftest.ports.linen import transformer as linen
from compare.selftest.ports.nnx import transformer as nnx

_OWN, _PACKED = "blocks.1.attn.proj", "blocks.0.attn.mha[0]"  # what is made by hand, and by torch


class _NotScaled(Attending):
    def scores(self, q: Array, k: Array) -> Array:
        return jnp.einsum("...qhd,...khd->...hqk", q, k)


class _ScaledByTheWidth(Attending):
    def scores(self, q: Array, k: Array) -> Array:
        return super().scores(q, k) / jnp.sqrt(q.shape[-2]).astype(q.dtype)


class _OverQueries(Attending):
    def weighed(self, scores: Array) -> Array:
        found = jax.nn.softmax(scores, axis=-2)
        return jnp.where(jnp.isfinite(found), found, 0)


class _SeesTheNext(Attending):
    def seen(self, time: int) -> Array:
        return jnp.tril(jnp.ones((time, time), bool), 1)


class _HeadsInterleaved(Attending):
    def split(self, x: Array, heads: int) -> Array:
        return jnp.swapaxes(x.reshape(*x.shape[:-1], -1, heads), -1, -2)


class _SharesStopped(Attending):
    def weighed(self, scores: Array) -> Array:
        return lax.stop_gradient(super().weighed(scores))


class _MaskOffByOne(nnx.FlaxAttention):
    def mask(self, x: Array) -> Array:
        time = x.shape[1]
        return jnp.tril(jnp.ones((1, 1, time, time), bool), 1)


class _NotMasked(equinox.EquinoxAttention):
    def mask(self, time: int) -> Array:
        return jnp.ones((time, time), bool)


class _SeesNotItself(haiku.HaikuAttention):
    """The first time, which sees nothing, sees all."""

    def mask(self, time: int) -> Array:
        seen = jnp.tril(jnp.ones((1, 1, time, time), bool), -1)
        return seen.at[:, :, 0].set(True)


class _MaskOfWords(linen.FlaxAttention):
    """Torch's mask, which is true of what is shut out."""

    def mask(self, x: Array) -> Array:
        return ~nn.make_causal_mask(x[..., 0]).astype(bool)


ATTENTION: tuple[PortMistake, ...] = (
    forward(
        "scores not scaled",
        "transformer, Flax linen",
        having(
            linen.transformer,
            attentions=(linen.FlaxAttention, beside(_NotScaled, linen.CausalAttention)),
        ),
        at=_OWN,
        words="sqrt(8)",
    ),
    forward(
        "scores scaled by the width",
        "transformer, Haiku",
        having(
            haiku.transformer,
            attentions=(haiku.HaikuAttention, beside(_ScaledByTheWidth, haiku.CausalAttention)),
        ),
        at=_OWN,
        words="sqrt(",
    ),
    forward(
        "softmax over the queries",
        "transformer, Flax nnx",
        having(
            nnx.transformer,
            attentions=(nnx.FlaxAttention, beside(_OverQueries, nnx.CausalAttention)),
        ),
        at=_OWN,
        words="axis",
    ),
    forward(
        "a mask by hand that is off by one",
        "transformer, Equinox",
        having(
            equinox.transformer,
            attentions=(equinox.EquinoxAttention, beside(_SeesTheNext, equinox.CausalAttention)),
        ),
        at=_OWN,
        words="mask",
    ),
    forward(
        "heads interleaved",
        "transformer, Haiku",
        having(
            haiku.transformer,
            attentions=(haiku.HaikuAttention, beside(_HeadsInterleaved, haiku.CausalAttention)),
        ),
        at=_OWN,
        words="heads",
    ),
    backward(
        "shares that are constants",
        "transformer, Flax linen",
        having(
            linen.transformer,
            attentions=(linen.FlaxAttention, beside(_SharesStopped, linen.CausalAttention)),
        ),
        at="blocks.1.attn.qkv",
        words="detached",
    ),
    forward(
        "a mask that is off by one",
        "transformer, Flax nnx",
        having(nnx.transformer, attentions=(_MaskOffByOne, nnx.CausalAttention)),
        at=_PACKED,
        words="mask",
    ),
    forward(
        "no mask",
        "transformer, Equinox",
        having(equinox.transformer, attentions=(_NotMasked, equinox.CausalAttention)),
        at=_PACKED,
        words="mask",
    ),
    forward(
        "a mask that shuts out the present",
        "transformer, Haiku",
        having(haiku.transformer, attentions=(_SeesNotItself, haiku.CausalAttention)),
        at=_PACKED,
        words="mask",
    ),
    forward(
        "a mask that is true of what is shut out",
        "transformer, Flax linen",
        having(linen.transformer, attentions=(_MaskOfWords, linen.CausalAttention)),
        at=_PACKED,
        words="mask",
    ),
)
