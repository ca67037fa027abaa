"""Wrong normalisations: eps, variances, groups and running statistics."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.selftest.module_mistakes.mistake import Mistake, becoming, forward, having
from compare.selftest.modules.llama import RmsNorm


class _UnbiasedBatchNorm(nn.BatchNorm2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        variance, mean = torch.var_mean(x, (0, 2, 3), unbiased=True, keepdim=True)
        scale = self.weight[:, None, None] / torch.sqrt(variance + self.eps)
        return (x - mean) * scale + self.bias[:, None, None]


class _BatchNormOfTheBatch(nn.BatchNorm2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)


class _BatchNormWithStaleVariance(nn.BatchNorm2d):
    """As before the first step: all ones."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        stale = torch.ones_like(self.running_var)
        return F.batch_norm(x, self.running_mean, stale, self.weight, self.bias, eps=self.eps)


class _UnbiasedLayerNorm(nn.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        variance, mean = torch.var_mean(x, -1, unbiased=True, keepdim=True)
        return (x - mean) / torch.sqrt(variance + self.eps) * self.weight + self.bias


class _EpsOutsideTheRoot(RmsNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / (x.pow(2).mean(-1, keepdim=True).sqrt() + self.eps) * self.weight


class _OneMoreThanTheWeight(RmsNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * (1 + 1 / self.weight)


NORMALISATIONS: tuple[Mistake, ...] = (
    forward(
        "eps of 1e-3 in a batch norm", "cnn", having("1", eps=1e-3), at="1", reason="eps 0.001"
    ),
    forward(
        "unbiased variance in a batch norm",
        "cnn",
        becoming("5", _UnbiasedBatchNorm),
        at="5",
        reason="n - 1",
    ),
    forward(
        "statistics of the batch in eval mode",
        "cnn in eval mode",
        becoming("1", _BatchNormOfTheBatch),
        at="1",
        reason="the statistics of the batch",
    ),
    forward(
        "a stale running variance",
        "cnn in eval mode",
        becoming("5", _BatchNormWithStaleVariance),
        at="5",
        reason="`5.running_var` as 1 everywhere",
    ),
    forward(
        "eps of 1e-6 in a layer norm",
        "encoder layer",
        having("norm1", eps=1e-6),
        at="norm1",
        reason="eps 1e-6",
    ),
    forward(
        "eps of 1e-3 in a layer norm",
        "gpt",
        having("blocks.1.ln2", eps=1e-3),
        at="blocks.1.ln2",
        reason="eps 0.001",
    ),
    forward(
        "unbiased variance in a layer norm",
        "gpt",
        becoming("blocks.0.ln1", _UnbiasedLayerNorm),
        at="blocks.0.ln1",
        reason="n - 1",
    ),
    forward(
        "twice the groups",
        "upsampler",
        having("1", num_groups=4),
        at="1",
        reason="2 times the groups",
    ),
    forward(
        "eps outside the root",
        "llama",
        becoming("blocks.0.norm1", _EpsOutsideTheRoot),
        at="blocks.0.norm1",
        reason="eps outside the root",
    ),
    forward(
        "1 + weight for the weight",
        "llama",
        becoming("norm", _OneMoreThanTheWeight),
        at="norm",
        reason="`norm.weight` with 1 added",
    ),
)
