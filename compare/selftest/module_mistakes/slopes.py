"""Backward passes by hand that are wrong, behind a forward pass that is right."""

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.selftest.module_mistakes.mistake import Mistake, backward, becoming, having
from compare.selftest.modules.attention import CausalAttention
from compare.selftest.modules.custom_backward import Swish
from compare.selftest.modules.losses import Classifier


class _SlopeWithoutX(Swish):
    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        sigmoid = torch.sigmoid(x)
        return gradient * (sigmoid + sigmoid * (1 - sigmoid))


class _Gelu(torch.autograd.Function):
    """By erf, with 0.4 for 1 / sqrt(2 pi) in the slope."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return F.gelu(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        below = (1 + torch.erf(x / math.sqrt(2))) / 2
        return gradient * (below + 0.4 * x * torch.exp(-x * x / 2))


class _GeluWithRoundConstant(nn.GELU):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _Gelu.apply(x)


class _Guided(torch.autograd.Function):
    """Relu that passes on positive gradients alone."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x.relu()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return gradient.relu() * (x > 0)


class _GuidedRelu(nn.ReLU):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _Guided.apply(x)


class _Softmax(torch.autograd.Function):
    """p * gradient, without the sum that belongs to it."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        p = x.softmax(-1)
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (p,) = ctx.saved_tensors
        return p * gradient


class _SoftmaxWithoutSum(CausalAttention):
    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        return _Softmax.apply(scores)


class _LayerNorm(torch.autograd.Function):
    """x to its normalised self; the slope of the mean is forgotten."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, eps: float) -> torch.Tensor:
        variance, mean = torch.var_mean(x, -1, unbiased=False, keepdim=True)
        scale = torch.rsqrt(variance + eps)
        normed = (x - mean) * scale
        ctx.save_for_backward(normed, scale)
        return normed

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        normed, scale = ctx.saved_tensors
        along = (gradient * normed).mean(-1, keepdim=True)
        return (gradient - normed * along) * scale, None


class _LayerNormWithoutMean(nn.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _LayerNorm.apply(x, self.eps) * self.weight + self.bias


class _ConstantStatistics(nn.BatchNorm2d):
    """Differentiates as if mean and variance were given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        variance, mean = torch.var_mean(x.detach(), (0, 2, 3), unbiased=False)
        return F.batch_norm(x, mean, variance, self.weight, self.bias, eps=self.eps)


class _MaxPool(torch.autograd.Function):
    """Gives the gradient of a window of 2 x 2 to its first entry."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.shape = x.shape
        return F.max_pool2d(x, 2)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        spread = gradient.new_zeros(ctx.shape)
        spread[:, :, ::2, ::2] = gradient
        return spread


class _MaxPoolToTheFirst(nn.MaxPool2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _MaxPool.apply(x)


class _Conv(torch.autograd.Function):
    """3 x 3 with padding 1; the kernel is not flipped for the gradient of x."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, padding=1)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, weight = ctx.saved_tensors
        of_weight = torch.nn.grad.conv2d_weight(x, weight.shape, gradient, padding=1)
        return F.conv2d(gradient, weight.transpose(0, 1), padding=1), of_weight


class _NotFlippedBack(nn.Conv2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _Conv.apply(x, self.weight) + self.bias[:, None, None]


class _CrossEntropy(torch.autograd.Function):
    """A loss of logits with a gradient that is a sum over samples, and not their mean."""

    @staticmethod
    def forward(ctx: Any, loss: torch.Tensor, n: int) -> torch.Tensor:
        ctx.n = n
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradient * ctx.n, None


class _SummedGradient(Classifier):
    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return _CrossEntropy.apply(super().loss(logits, labels), len(labels))


SLOPES: tuple[Mistake, ...] = (
    backward(
        "a slope of swish without x",
        "swish by hand",
        having("", activation=_SlopeWithoutX),
        at="linear",
        reason="leaves out the factor `linear`",
    ),
    backward(
        "a round constant in the slope of gelu",
        "mlp",
        becoming("3", _GeluWithRoundConstant),
        at="2",
        reason="has a factor",
    ),
    backward(
        "relu that passes positive gradients alone",
        "cnn",
        becoming("2", _GuidedRelu),
        at="1",
        reason="positive entries alone",
    ),
    backward(
        "a slope of softmax without its sum",
        "gpt",
        becoming("blocks.0.attn", _SoftmaxWithoutSum),
        at="blocks.0.attn.qkv",
        reason="leaves out a sum",
    ),
    backward(
        "a slope of layer norm without the mean",
        "gpt",
        becoming("ln_f", _LayerNormWithoutMean),
        at="blocks.1",
        reason="leaves out a sum",
    ),
    backward(
        "constant statistics in a batch norm",
        "cnn",
        becoming("5", _ConstantStatistics),
        at="4",
        reason="statistics are detached",
    ),
    backward(
        "the gradient of a pool to the first entry",
        "cnn",
        becoming("3", _MaxPoolToTheFirst),
        at="2",
    ),
    backward(
        "a kernel not flipped back",
        "u-net",
        becoming("middle", _NotFlippedBack),
        at="down2",
        reason="`middle.weight` reversed along axes 2 and 3",
    ),
    backward(
        "the gradient of a loss not averaged",
        "classifier",
        becoming("", _SummedGradient),
        at="linear",
        reason="in the place of a mean",
    ),
)
