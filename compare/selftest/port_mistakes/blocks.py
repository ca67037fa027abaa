"""Wrong ways through the blocks of transformers."""

import functools

import equinox as eqx
import flax.nnx
import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

from compare.selftest.modules.example import Array
from compare.selftest.port_mistakes.mistake import PortMistake, backward, forward, having
from compare.selftest.port_mistakes.slopes import gelu, gelu_straight_through, halved
from compare.selftest.ports.equinox import transformer as equinox
from compare.selftest.ports.haiku import transformer as haiku
from compare.selftest.ports.linen import transformer as linen
from compare.selftest.ports.nnx import transformer as nnx


class _NormsLast(linen.Block):
    """Norms after the sums."""

    @nn.compact
    def __call__(self, x: Array) -> Array:
        x = nn.LayerNorm(epsilon=1e-5, name="ln1")(x + self.attention(name="attn")(x))
        h = nn.Dense(64, name="fc1")(x)
        h = nn.Dense(16, name="fc2")(self.activation(h))
        return nn.LayerNorm(epsilon=1e-5, name="ln2")(x + h)


class _Unbiased(nn.Module):
    """Divides by n - 1."""

    epsilon: float

    @nn.compact
    def __call__(self, x: Array) -> Array:
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        bias = self.param("bias", nn.initializers.zeros, (x.shape[-1],))
        away = x - x.mean(-1, keepdims=True)
        return away / jnp.sqrt(x.var(-1, keepdims=True, ddof=1) + self.epsilon) * scale + bias


class _EpsOutsideTheRoot(eqx.nn.LayerNorm):
    """Adds eps to the standard deviation."""

    def __call__(self, x: Array) -> Array:
        away = x - x.mean()
        return away / (jnp.sqrt(x.var()) + self.eps) * self.weight + self.bias


class _ConstantStatistics(flax.nnx.LayerNorm):
    """Differentiates as if mean and variance were given."""

    def __call__(self, x: Array) -> Array:
        fixed = lax.stop_gradient(x)
        mean, var = fixed.mean(-1, keepdims=True), fixed.var(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(var + self.epsilon) * self.scale[...] + self.bias[...]


class _NoResidual(haiku.Block):
    def added(self, x: Array, h: Array) -> Array:
        return h


class _GeluByTanh(nnx.Block):
    def activation(self, h: Array) -> Array:
        return flax.nnx.gelu(h)


class _Silu(equinox.Block):
    def activation(self, h: Array) -> Array:
        return jax.nn.silu(h)


class _DropoutScale(nnx.Block):
    """The scale of dropout without dropout."""

    def activation(self, h: Array) -> Array:
        return gelu(h) / 0.9


class _Halved(equinox.Block):
    def added(self, x: Array, h: Array) -> Array:
        return x + halved(h)


class _StraightThrough(haiku.Block):
    def activation(self, h: Array) -> Array:
        return gelu_straight_through(h)


class _Shifted(equinox.Transformer):
    def positions(self, time: int) -> Array:
        return jnp.maximum(jnp.arange(time) - 1, 0)


class _Scaled(nnx.Transformer):
    """By the root of the width, as in the paper."""

    def embedded(self, x: Array) -> Array:
        return x * 4


class _Stopped(haiku.Transformer):
    def embedded(self, x: Array) -> Array:
        return lax.stop_gradient(x)


BLOCKS: tuple[PortMistake, ...] = (
    forward(
        "norms last",
        "transformer, Flax linen",
        having(linen.transformer, blocks=(_NormsLast, linen.Block)),
        at="blocks.0.ln1",
        words="norm",
    ),
    forward(
        "unbiased variance in a layer norm",
        "transformer, Flax linen",
        having(
            linen.transformer, blocks=(functools.partial(linen.Block, norm=_Unbiased), linen.Block)
        ),
        at="blocks.0.ln2",
        words="n - 1",
    ),
    forward(
        "eps outside the root",
        "transformer, Equinox",
        having(
            equinox.transformer,
            blocks=(equinox.Block, functools.partial(equinox.Block, norm=_EpsOutsideTheRoot)),
        ),
        at="blocks.1.ln2",
        words="eps",
    ),
    forward(
        "eps of 1e-3 in the second block",
        "transformer, Haiku",
        having(haiku.transformer, blocks=(haiku.Block, functools.partial(haiku.Block, eps=1e-3))),
        at="blocks.1.ln1",
        words="eps",
    ),
    backward(
        "statistics of a layer norm that are constants",
        "transformer, Flax nnx",
        having(
            nnx.transformer,
            blocks=(nnx.Block, functools.partial(nnx.Block, norm=_ConstantStatistics)),
        ),
        at="blocks.1.attn",
        words="detached",
    ),
    forward(
        "no residual",
        "transformer, Haiku",
        having(haiku.transformer, blocks=(haiku.Block, _NoResidual)),
        at="blocks.1",
        words="the term that is added",
    ),
    forward(
        "gelu by tanh in the first block",
        "transformer, Flax nnx",
        having(nnx.transformer, blocks=(_GeluByTanh, nnx.Block)),
        at="blocks.0.mlp.act",
        words="tanh",
    ),
    forward(
        "silu for gelu",
        "transformer, Equinox",
        having(equinox.transformer, blocks=(_Silu, equinox.Block)),
        at="blocks.0.mlp.act",
        words="silu",
    ),
    forward(
        "the scale of dropout",
        "transformer, Flax nnx",
        having(nnx.transformer, blocks=(_DropoutScale, nnx.Block)),
        at="blocks.0.mlp.fc2",
        words="1.11",
    ),
    backward(
        "the gradient of a branch halved",
        "transformer, Equinox",
        having(equinox.transformer, blocks=(equinox.Block, _Halved)),
        at="blocks.1.mlp",
        words="0.5 times",
    ),
    backward(
        "a straight-through gelu",
        "transformer, Haiku",
        having(haiku.transformer, blocks=(_StraightThrough, haiku.Block)),
        at="blocks.0.mlp.fc1",
        words="the slope 1",
    ),
    forward(
        "positions off by one",
        "transformer, Equinox",
        having(equinox.transformer, _Shifted),
        at="pos",
        words="by one",
    ),
    forward(
        "embeddings scaled by the root of the width",
        "transformer, Flax nnx",
        having(nnx.transformer, _Scaled),
        at="blocks.0.ln1",
        words="4",
    ),
    backward(
        "the gradient of embeddings dropped",
        "transformer, Haiku",
        having(haiku.transformer, _Stopped),
        at="tok",
        words="is 0",
    ),
)
