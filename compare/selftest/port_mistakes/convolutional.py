"""Wrong convolutional networks."""

import equinox as eqx
import haiku as hk
import jax.numpy as jnp
from flax import nnx
from jax import lax

from compare.selftest.modules.example import Array
from compare.selftest.port_mistakes.mistake import PortMistake, backward, forward, having
from compare.selftest.port_mistakes.slopes import guided_relu, relu_straight_through
from compare.selftest.ports.equinox import convolutional as equinox
from compare.selftest.ports.haiku import convolutional as haiku
from compare.selftest.ports.linen import convolutional as linen
from compare.selftest.ports.nnx import convolutional as nnx_cnn


class _AveragePool(nnx_cnn.Cnn):
    def pool(self, x: Array) -> Array:
        return nnx.avg_pool(x, (2, 2), strides=(2, 2))


class _ChannelsLast(haiku.Cnn):
    """As where the dense layer was trained with channels last."""

    def flat(self, x: Array) -> Array:
        return hk.Flatten()(x)


class _StrideBefore(haiku.Cnn):
    def pool(self, x: Array) -> Array:
        return hk.max_pool(x, (2, 2, 1), (1, 1, 1), "SAME")


class _ConstantStatistics(nnx_cnn.TorchBatchNorm):
    """Differentiates as if mean and variance were given."""

    def __call__(self, x: Array) -> Array:
        super().__call__(x)  # for the running statistics
        fixed = lax.stop_gradient(x)
        mean, var = fixed.mean((0, 1, 2)), fixed.var((0, 1, 2))
        return (x - mean) * lax.rsqrt(var + self.epsilon) * self.scale[...] + self.bias[...]


class _Unbiased(equinox.TorchBatchNorm):
    """Divides by n - 1 where torch does that for the running variance alone."""

    def __call__(self, x: Array, state: eqx.nn.State, **_: object) -> tuple[Array, eqx.nn.State]:
        n = lax.psum(x[0].size, "batch")
        away = x - lax.pmean(x.mean((1, 2), keepdims=True), "batch")
        var = lax.psum((away**2).sum((1, 2), keepdims=True), "batch") / (n - 1)
        scale, offset = self.weight[:, None, None], self.bias[:, None, None]
        return away * lax.rsqrt(var + self.eps) * scale + offset, super().__call__(x, state)[1]


class _StraightThrough(equinox.Cnn):
    def activation(self, x: Array) -> Array:
        return relu_straight_through(x)


class _Guided(haiku.Cnn):
    def activation(self, x: Array) -> Array:
        return guided_relu(x)


CONVOLUTIONAL: tuple[PortMistake, ...] = (
    forward(
        "padding SAME beside a stride",
        "cnn, Flax linen",
        having(linen.cnn, padding="SAME"),
        at="conv2",
        words="padding",
    ),
    forward(
        "eps of 1e-3 in a batch norm",
        "cnn, Flax linen",
        having(linen.cnn, eps=1e-3),
        at="bn1",
        words="eps",
    ),
    forward(
        "the mean for the maximum of a pool",
        "cnn, Flax nnx",
        having(nnx_cnn.cnn, _AveragePool),
        at="pool",
        words="mean",
    ),
    forward(
        "the mean for the maximum of a pool in eval mode",
        "cnn in eval mode, Equinox",
        having(equinox.cnn, pool=eqx.nn.AvgPool2d, is_training=False),
        at="pool",
        words="mean",
    ),
    forward(
        "channels last in a flat array",
        "cnn, Haiku",
        having(haiku.cnn, _ChannelsLast),
        at="fc1",
        words="order",
    ),
    forward(
        "the stride of a pool in the convolution",
        "cnn in eval mode, Haiku",
        having(haiku.cnn, _StrideBefore, stride=2, is_training=False),
        at="conv1",
        words="stride",
    ),
    forward(
        "eval mode for train mode",
        "cnn, Haiku",
        having(haiku.cnn, is_training=False),
        at="bn1",
        words="running",
    ),
    forward(
        "train mode for eval mode",
        "cnn in eval mode, Flax nnx",
        having(nnx_cnn.cnn),
        at="bn1",
        words="of the batch",
    ),
    forward(
        "eps of 1e-2 in eval mode",
        "cnn in eval mode, Equinox",
        having(equinox.cnn, eps=1e-2, is_training=False),
        at="bn1",
        words="eps",
    ),
    forward(
        "unbiased variance in a batch norm",
        "cnn, Equinox",
        having(equinox.cnn, norm=_Unbiased),
        at="bn1",
        words="n - 1",
    ),
    forward(
        "a convolution in bfloat16",
        "cnn, Flax nnx",
        having(nnx_cnn.cnn, dtype=jnp.bfloat16),
        at="conv2",
        words="bfloat16",
    ),
    PortMistake(
        "a running variance that divides by n",
        "cnn, Haiku",
        having(haiku.cnn, norm=hk.BatchNorm),
        "statistic",
        "bn1.running_var",
        "n - 1",
    ),
    PortMistake(
        "the momentum of torch",
        "cnn, Flax linen",
        having(linen.cnn, momentum=0.1),
        "statistic",
        "bn1.running_mean",
        "momentum 0.9 where the reference has 0.1",
    ),
    backward(
        "statistics that are constants",
        "cnn, Flax nnx",
        having(nnx_cnn.cnn, norm=_ConstantStatistics),
        at="conv1",
        words="detached",
    ),
    backward(
        "a straight-through relu",
        "cnn, Equinox",
        having(equinox.cnn, _StraightThrough),
        at="bn1",
        words="the slope 1",
    ),
    backward(
        "relu that passes on positive gradients alone",
        "cnn in eval mode, Haiku",
        having(haiku.cnn, _Guided, is_training=False),
        at="bn1",
        words="positive entries",
    ),
)
