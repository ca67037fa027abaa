"""Embeddings of words, averaged: [N, time]."""

import jax.numpy as jnp
import torch
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, Example, State, tokens
from compare.selftest.modules.jax_layers import linear


class BagOfWords(nn.Module):
    """The mean of the embeddings of all words."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(12, 8), nn.Linear(8, 3)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(words).mean(1))


def _bag_twin(state: State, words: Array) -> Array:
    embedded = cut(jnp.take(state["embed.weight"], words, axis=0), "embed")
    return linear(state, "head", jnp.sum(embedded, axis=1) / words.shape[1])


class PaddedBagOfWords(nn.Module):
    """The mean of the embeddings of the words that are no padding, which is 0."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(12, 8, padding_idx=0), nn.Linear(8, 3)

    def count(self, is_word: torch.Tensor) -> torch.Tensor:
        """How many words a row has."""
        return is_word.sum(1)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        is_word = (words != 0)[..., None]
        summed = (self.embed(words) * is_word).sum(1)
        return self.head(summed / self.count(is_word).clamp(min=1))


def _padded_words() -> tuple[torch.Tensor]:
    lengths = torch.tensor([6, 4, 2, 5])
    words = torch.randint(1, 12, (4, 6))
    return (words.masked_fill(torch.arange(6) >= lengths[:, None], 0),)


EMBEDDINGS = (
    Example("bag of words", BagOfWords, tokens(12, 4, 6), _bag_twin),
    Example("padded bag of words", PaddedBagOfWords, _padded_words),
)
