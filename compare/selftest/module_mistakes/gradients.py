"""Gradients that are lost, scaled, rounded or added up wrongly on their way."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from compare.selftest.module_mistakes.mistake import Mistake, backward, becoming, gradient
from compare.selftest.modules.attention import CausalAttention
from compare.selftest.modules.losses import Contrastive
from compare.selftest.modules.recurrent import GruLoop


class _Changed(torch.autograd.Function):
    """x itself, and a function of its gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, change: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        ctx.change = change
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.change(gradient), None


class _TooLarge(nn.Linear):
    """By 0.1 %."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(_Changed.apply(x, lambda gradient: 1.001 * gradient))


class _InBfloat16(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(_Changed.apply(x, lambda g: g.bfloat16().to(g.dtype)))


class _Clipped(nn.Linear):
    """The norm of the gradient is at most 0.1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(_Changed.apply(x, lambda g: g * (0.1 / g.norm()).clamp(max=1)))


class _Detached(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.detach())


class _KeysDetached(CausalAttention):
    def score(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return super().score(q, k.detach())


class _OtherDetached(Contrastive):
    def similarity(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return super().similarity(a, b.detach())


class _Truncated(GruLoop):
    """Backpropagation through the last two times alone."""

    def passed_on(self, h: torch.Tensor, time: int) -> torch.Tensor:
        return h.detach() if time == 2 else h


class _LinearOfAllButOne(torch.autograd.Function):
    """x W^T; the gradient of W has no part of the last sample."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return x @ weight.mT

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, weight = ctx.saved_tensors
        return gradient @ weight, gradient[:-1].mT @ x[:-1]


class _OneSampleLost(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _LinearOfAllButOne.apply(x, self.weight) + self.bias


class _BiasAveraged(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bias = _Changed.apply(self.bias, lambda gradient: gradient / len(x))
        return F.linear(x, self.weight, bias)


class _WeightTransposed(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = _Changed.apply(self.weight, lambda gradient: gradient.mT)
        return F.linear(x, weight, self.bias)


class _WeightDecayed(nn.Linear):
    """Adds 0.01 W to the gradient of W, as an optimizer does later."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        decay = 0.01 * self.weight.detach()
        weight = _Changed.apply(self.weight, lambda gradient: gradient + decay)
        return F.linear(x, weight, self.bias)


class _Untied(nn.Linear):
    """The shared weight has a gradient by the embedding alone."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight.detach())


class _Lookup(torch.autograd.Function):
    """Rows of a table; of a row that is looked up twice one gradient is kept."""

    @staticmethod
    def forward(ctx: Any, table: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(table, rows)
        return table[rows]

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        table, rows = ctx.saved_tensors
        of_table = torch.zeros_like(table)
        for row, one in zip(rows.flatten().tolist(), gradient.flatten(0, -2), strict=True):
            of_table[row] = one
        return of_table, None


class _Overwritten(nn.Embedding):
    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return _Lookup.apply(self.weight, rows)


GRADIENTS: tuple[Mistake, ...] = (
    backward(
        "a gradient 0.1 % too large",
        "gpt",
        becoming("blocks.1.mlp.fc2", _TooLarge),
        at="blocks.1.mlp.act",
        reason="1.001 times",
    ),
    backward(
        "a gradient in bfloat16",
        "encoder layer",
        becoming("linear2", _InBfloat16),
        at="dropout",
        reason="numbers of bfloat16",
    ),
    backward(
        "a gradient that is clipped", "mlp", becoming("4", _Clipped), at="3", reason="clipping"
    ),
    backward(
        "a detached input",
        "gpt",
        becoming("blocks.0.mlp.fc1", _Detached),
        at="blocks.0.ln2",
        reason="0 everywhere",
    ),
    backward(
        "detached keys",
        "gpt",
        becoming("blocks.1.attn", _KeysDetached),
        at="blocks.1.attn.qkv",
        reason="part 2 of 3",
    ),
    backward(
        "one of two views detached",
        "contrastive loss",
        becoming("", _OtherDetached),
        at="encoder@1",
        reason="0 everywhere",
    ),
    backward(
        "truncated in time",
        "gru in a loop",
        becoming("", _Truncated),
        at="cell@2",
        reason="0 everywhere",
    ),
    gradient(
        "one sample's gradient lost",
        "mlp",
        becoming("4", _OneSampleLost),
        of="4.weight",
        reason="lacks the last",
    ),
    gradient(
        "the gradient of a bias averaged",
        "mlp",
        becoming("0", _BiasAveraged),
        of="0.bias",
        reason="as by a mean",
    ),
    gradient(
        "the gradient of a weight transposed",
        "mlp",
        becoming("2", _WeightTransposed),
        of="2.weight",
        reason="is transposed",
    ),
    gradient(
        "weight decay in a gradient",
        "mlp mixer",
        becoming("channel_mixing.2", _WeightDecayed),
        of="channel_mixing.2.weight",
        reason="0.01 times the parameter",
    ),
    gradient(
        "a tied weight's gradient by one of two ways",
        "llama",
        becoming("head", _Untied),
        of="embed.weight",
        reason="leaves out a product of matrices",
    ),
    gradient(
        "the gradient of a row overwritten",
        "bag of words",
        becoming("embed", _Overwritten),
        of="embed.weight",
    ),
)
