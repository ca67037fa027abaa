"""Wrong activations, affine layers, convolutions, poolings and dropout."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.selftest.module_mistakes.mistake import Mistake, becoming, forward, having, replaced
from compare.selftest.modules.convolutional import CausalConv


class _Transposed(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight.mT, self.bias)


class _WithoutBias(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight)


class _InBfloat16(nn.Linear):
    """As where autocast was left on."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = (one.bfloat16() for one in (x, self.weight, self.bias))
        return F.linear(*low).to(x.dtype)


class _PaddedOnBothSides(CausalConv):
    def padded(self, x: torch.Tensor) -> torch.Tensor:
        first = self.conv.dilation[0] // 2
        return F.pad(x, (first, self.conv.dilation[0] - first))


class _NotFlipped(nn.ConvTranspose2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv_transpose2d(x, self.weight.flip(2, 3), self.bias, self.stride)


class _DropoutLeftOn(nn.Module):
    """Every third number, whatever the seed."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = (torch.arange(x.numel()) % 3 > 0).reshape(x.shape)
        return x * kept / (2 / 3)


LAYERS: tuple[Mistake, ...] = (
    forward(
        "gelu by tanh",
        "mlp",
        having("3", approximate="tanh"),
        at="3",
        reason="gelu in its tanh form",
    ),
    forward(
        "a square weight transposed",
        "mlp",
        becoming("2", _Transposed),
        at="2",
        reason="`2.weight` transposed",
    ),
    forward(
        "the bias left out",
        "mlp",
        becoming("4", _WithoutBias),
        at="4",
        reason="leaves out `4.bias`",
    ),
    forward(
        "one layer in bfloat16",
        "mlp mixer",
        becoming("channel_mixing.0", _InBfloat16),
        at="channel_mixing.0",
        reason="bfloat16",
    ),
    forward(
        "gelu for relu",
        "encoder layer",
        having("", activation=F.gelu),
        at="dropout",
        reason="gelu in its erf form where the reference has relu",
    ),
    forward(
        "softplus twice as steep",
        "variational autoencoder",
        having("decoder.1", beta=2.0),
        at="decoder.1",
        reason="softplus of beta 2",
    ),
    forward(
        "padded by reflection",
        "cnn",
        having("0", padding_mode="reflect"),
        at="0",
        reason="by reflection",
    ),
    forward(
        "the mean for the maximum of a pool",
        "cnn",
        replaced("3", lambda: nn.AvgPool2d(2)),
        at="3",
        reason="the mean of each window",
    ),
    forward(
        "padding not counted in a pool",
        "upsampler",
        having("5", count_include_pad=False),
        at="5",
        reason="no padding",
    ),
    forward(
        "a convolution that sees the future",
        "wavenet",
        becoming("1", _PaddedOnBothSides),
        at="1.conv",
        reason="the padding (1, 1)",
    ),
    forward(
        "half the dilation",
        "wavenet",
        having("2.conv", dilation=(2,)),
        at="2.conv",
        reason="the dilation 2",
    ),
    forward(
        "a transposed convolution not flipped",
        "upsampler",
        becoming("4", _NotFlipped),
        at="4",
        reason="`4.weight` reversed along axes 2 and 3",
    ),
    forward(
        "dropout left on",
        "encoder layer",
        replaced("dropout1", _DropoutLeftOn),
        at="dropout1",
        reason="as by dropout",
    ),
)
