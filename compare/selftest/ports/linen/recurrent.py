"""An LSTM over words in Flax linen."""

from typing import Any

from flax import linen as nn

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.linen.variables import Tree, dense, embedding, gates
from compare.selftest.ports.networks import LSTM
from compare.selftest.ports.port import Port


class Lstm(nn.Module):
    """[N, time] to logits of 4 classes."""

    is_reversed: bool = False

    @nn.compact
    def __call__(self, words: Array) -> Array:
        x = self.embedded(words, nn.Embed(20, 12)(words))
        cell = nn.OptimizedLSTMCell(12, param_dtype=x.dtype)
        outputs = nn.RNN(cell, reverse=self.is_reversed)(x)
        return nn.Dense(4)(self.read(outputs))

    def embedded(self, words: Array, x: Array) -> Array:
        """What the LSTM sees."""
        return x

    def read(self, outputs: Array) -> Array:
        """What the last state has seen."""
        return outputs[:, -1]


def lstm_variables(state: State) -> Tree:
    """Converts the weights of `Lstm`."""
    params = {
        "Embed_0": embedding(state, "embed"),
        "OptimizedLSTMCell_0": gates(state, "lstm"),
        "Dense_0": dense(state, "head"),
    }
    return {"params": params}


def lstm(state: State, kind: type[nn.Module] = Lstm, **options: Any) -> Model:
    """Makes a network with the weights that it has in torch."""
    return Model(kind(**options), lstm_variables(state))


RECURRENT = (Port("Flax linen", LSTM, lstm),)
