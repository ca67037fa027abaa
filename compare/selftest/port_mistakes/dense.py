"""Wrong perceptrons and losses."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from compare.selftest.modules.example import Array, State
from compare.selftest.port_mistakes.mistake import OUTPUT, PortMistake, backward, forward, having
from compare.selftest.port_mistakes.slopes import doubled, gelu, gelu_with_slope_by_tanh
from compare.selftest.ports.equinox import dense as equinox
from compare.selftest.ports.haiku import dense as haiku
from compare.selftest.ports.linen import dense as linen
from compare.selftest.ports.nnx import dense as nnx_dense


class _GeluByTanh(nnx_dense.Mlp):
    """As where nobody says how."""

    def activation(self, x: Array) -> Array:
        return nnx.gelu(x)


class _Relu(equinox.Mlp):
    def activation(self, x: Array) -> Array:
        return jax.nn.relu(x)


def _without_last_bias(state: State) -> object:
    del (rest := dict(state))["fc3.bias"]
    return haiku.mlp(rest, has_bias=False)


class _Doubled(nnx_dense.Mlp):
    def activation(self, x: Array) -> Array:
        return gelu(doubled(x))


class _Stopped(haiku.Mlp):
    def activation(self, x: Array) -> Array:
        return gelu(lax.stop_gradient(x))


class _SlopeOfAnother(equinox.Mlp):
    def activation(self, x: Array) -> Array:
        return gelu_with_slope_by_tanh(x)


class _Sum(nnx_dense.Classifier):
    def reduced(self, losses: Array) -> Array:
        return losses.sum()


class _MeanOverClassesToo(equinox.Classifier):
    def reduced(self, losses: Array) -> Array:
        return jnp.mean(losses) / 5


DENSE: tuple[PortMistake, ...] = (
    forward(
        "eps of 1e-6 in a layer norm",
        "mlp, Flax linen",
        having(linen.mlp, eps=1e-6),
        at="norm",
        words="eps",
    ),
    forward(
        "gelu by tanh", "mlp, Flax nnx", having(nnx_dense.mlp, _GeluByTanh), at="act", words="tanh"
    ),
    forward("relu for gelu", "mlp, Equinox", having(equinox.mlp, _Relu), at="act", words="relu"),
    forward("no bias in the last layer", "mlp, Haiku", _without_last_bias, at="fc3", words="bias"),
    forward(
        "a layer in bfloat16",
        "mlp, Flax linen",
        having(linen.mlp, dtype=jnp.bfloat16),
        at="fc2",
        words="bfloat16",
    ),
    forward(
        "eps of 1e-3 in a layer norm",
        "mlp, Equinox",
        having(equinox.mlp, eps=1e-3),
        at="norm",
        words="eps",
    ),
    backward(
        "a gradient doubled", "mlp, Flax nnx", having(nnx_dense.mlp, _Doubled), at="norm", words="2"
    ),
    backward(
        "a gradient stopped", "mlp, Haiku", having(haiku.mlp, _Stopped), at="norm", words="is 0"
    ),
    backward(
        "the slope of gelu by tanh",
        "mlp, Equinox",
        having(equinox.mlp, _SlopeOfAnother),
        at="norm",
        words="the slope of gelu in its tanh form",
    ),
    forward(
        "labels not smoothed",
        "classifier, Flax linen",
        having(linen.classifier, smoothing=0.0),
        at=OUTPUT,
        words="labels smoothed by 0 where the reference smooths them by 0.1",
    ),
    forward(
        "labels smoothed twice as much",
        "classifier, Haiku",
        having(haiku.classifier, smoothing=0.2),
        at=OUTPUT,
        words="labels smoothed by 0.2 where the reference smooths them by 0.1",
    ),
    forward(
        "the sum over samples",
        "classifier, Flax nnx",
        having(nnx_dense.classifier, _Sum),
        at=OUTPUT,
        words="sum",
    ),
    forward(
        "the mean over classes too",
        "classifier, Equinox",
        having(equinox.classifier, _MeanOverClassesToo),
        at=OUTPUT,
        words="1/5",
    ),
)
