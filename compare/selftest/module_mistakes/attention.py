"""Wrong scores, masks, heads and positions of attention."""

import math

import torch

from compare.selftest.module_mistakes.mistake import Mistake, becoming, forward, having
from compare.selftest.modules.attention import CausalAttention
from compare.selftest.modules.llama import GroupedAttention


class _NotScaled(CausalAttention):
    def score(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return q @ k.mT


class _ScaledByTheWidth(CausalAttention):
    def score(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return q @ k.mT / math.sqrt(self.heads * q.shape[-1])


class _KeysForQueries(CausalAttention):
    def score(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return super().score(k, q)


class _KeysOfTheNextHead(CausalAttention):
    def score(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return super().score(q, k.roll(1, 1))


class _SeesTheNext(CausalAttention):
    def mask(self, scores: torch.Tensor) -> torch.Tensor:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(1)
        return scores.masked_fill(~seen, -math.inf)


class _MaskedAfterwards(CausalAttention):
    def mask(self, scores: torch.Tensor) -> torch.Tensor:
        return scores

    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        return scores.softmax(-1).tril()


class _OverQueries(CausalAttention):
    """The first query has no other key: what is masked in a column is not all of it."""

    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        return scores.softmax(-2)


class _HeadsInterleaved(CausalAttention):
    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (-1, self.heads)).permute(0, 3, 1, 2)


class _TurnsNeighbours(GroupedAttention):
    """Pairs of neighbours, where the weights were trained for pairs of halves."""

    def turn(self, x: torch.Tensor) -> torch.Tensor:
        a, b = x[..., ::2], x[..., 1::2]
        turned = (a * self.cos - b * self.sin, a * self.sin + b * self.cos)
        return torch.stack(turned, -1).flatten(-2)


class _TurnsBackwards(GroupedAttention):
    def turn(self, x: torch.Tensor) -> torch.Tensor:
        a, b = x.chunk(2, -1)
        return torch.cat([a * self.cos + b * self.sin, b * self.cos - a * self.sin], -1)


class _TiledHeads(GroupedAttention):
    """Heads 0 and 2 share the first."""

    def shared(self, x: torch.Tensor) -> torch.Tensor:
        return x.repeat(1, 2, 1, 1)


def _in_gpt(name: str, kind: type, *, block: int, reason: str = "") -> Mistake:
    attn = f"blocks.{block}.attn"
    return forward(name, "gpt", becoming(attn, kind), at=f"{attn}.proj", reason=reason)


def _in_llama(name: str, kind: type, *, block: int, reason: str = "") -> Mistake:
    attn = f"blocks.{block}.attn"
    return forward(name, "llama", becoming(attn, kind), at=f"{attn}.out", reason=reason)


ATTENTION: tuple[Mistake, ...] = (
    _in_gpt("scores not scaled", _NotScaled, block=1, reason="the scale 1 "),
    _in_gpt("scores scaled by the width", _ScaledByTheWidth, block=0, reason="the scale 0.25"),
    _in_gpt(
        "keys and queries swapped",
        _KeysForQueries,
        block=0,
        reason="the first and the second of 3 parts",
    ),
    _in_gpt("keys of the next head", _KeysOfTheNextHead, block=1),
    _in_gpt("a mask that is off by one", _SeesTheNext, block=0, reason="off by one"),
    _in_gpt("masked after the softmax", _MaskedAfterwards, block=1, reason="after the softmax"),
    _in_gpt("softmax over the queries", _OverQueries, block=0, reason="a softmax over axis 2"),
    _in_gpt("heads interleaved", _HeadsInterleaved, block=1, reason="splits an axis of 16"),
    _in_llama("rotary pairs of neighbours", _TurnsNeighbours, block=0),
    _in_llama(
        "rotary angles negated for all",
        _TurnsBackwards,
        block=1,
        reason="`blocks.1.attn.sin` with the opposite sign",
    ),
    _in_llama("shared heads in the wrong order", _TiledHeads, block=1, reason="joins axes"),
    forward("norms first", "encoder layer", having("", norm_first=True), at="self_attn[0]"),
)
