"""Convolutions with what people put around them: [N, channels, height, width]."""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F  # noqa: N812
from jax import lax
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, Example, State, normals
from compare.selftest.modules.jax_layers import batch_norm, convolution, linear


def _cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, stride=2, groups=2),
        nn.BatchNorm2d(8),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )


def _cnn_twin(state: State, x: Array, *, is_training: bool = True) -> Array:
    x = convolution(state, "0", x, padding=(1, 1))
    x = cut(jax.nn.relu(batch_norm(state, "1", x, is_training=is_training)), "2")
    tiles = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2)
    x = cut(jnp.max(tiles, axis=(3, 5)), "3")
    x = convolution(state, "4", x, stride=2, groups=2)
    x = batch_norm(state, "5", x, is_training=is_training)
    x = cut(x * jax.nn.sigmoid(x), "6")
    x = cut(jnp.mean(x, axis=(2, 3), keepdims=True), "7")
    return linear(state, "9", cut(x[..., 0, 0], "8"))


def _cnn_eval_twin(state: State, x: Array) -> Array:
    return _cnn_twin(state, x, is_training=False)


def _upsampler() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.GroupNorm(2, 8),
        nn.PReLU(),
        nn.InstanceNorm2d(8, affine=True),
        nn.ConvTranspose2d(8, 4, 3, stride=2),
        nn.AvgPool2d(3, stride=2, padding=1),
    )


class MobileBlock(nn.Module):
    """Depthwise and pointwise convolutions with squeeze and excitation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.squeeze, self.excite = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)
        self.pointwise = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = F.hardswish(self.norm(self.depthwise(x)))
        share = self.excite(F.relu6(self.squeeze(h.mean((2, 3), keepdim=True))))
        return x + self.pointwise(h * torch.sigmoid(share))


class UNet(nn.Module):
    """Down, up again, and what was seen on the way down beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.middle = nn.Conv2d(8, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skipped = F.leaky_relu(self.down1(x), 0.1)
        h = F.leaky_relu(self.down2(F.max_pool2d(skipped, 2)), 0.1)
        h = self.up(F.leaky_relu(self.middle(h), 0.1))
        return F.interpolate(self.head(torch.cat([h, skipped], 1)), scale_factor=2)


class CausalConv(nn.Module):
    """A dilated convolution that sees the past alone: [N, channels, time]."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, 2 * channels, 2, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def padded(self, x: torch.Tensor) -> torch.Tensor:
        """Adds zeros before the first time."""
        return F.pad(x, (self.conv.dilation[0], 0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right = self.conv(self.padded(x)).chunk(2, 1)
        return x + self.mix(left.tanh() * right.sigmoid())


def _wavenet() -> nn.Module:
    return nn.Sequential(CausalConv(4, 1), CausalConv(4, 2), CausalConv(4, 4))


def _wavenet_twin(state: State, x: Array) -> Array:
    for layer in range(3):
        dilation = 2**layer
        made = convolution(state, f"{layer}.conv", x, padding=(dilation, 0), dilation=dilation)
        left, right = jnp.split(made, 2, axis=1)
        gated = jnp.tanh(left) / (1 + lax.exp(-right))
        x = cut(x + convolution(state, f"{layer}.mix", gated), f"{layer}")
    return x


CONVOLUTIONAL = (
    Example("cnn", _cnn, normals((3, 3, 12, 12)), _cnn_twin),
    Example("cnn in eval mode", lambda: _cnn().eval(), normals((3, 3, 12, 12)), _cnn_eval_twin),
    Example("upsampler", _upsampler, normals((2, 3, 9, 9))),
    Example("mobile block", lambda: MobileBlock(6), normals((3, 6, 8, 8))),
    Example("u-net", UNet, normals((2, 2, 8, 8))),
    Example("wavenet", _wavenet, normals((2, 4, 12)), _wavenet_twin),
)
