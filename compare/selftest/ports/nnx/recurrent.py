"""An LSTM over words in Flax nnx."""

from typing import Any

import jax.numpy as jnp
from flax import nnx

from compare.selftest.modules.example import Array, State
from compare.selftest.ports.linen.variables import Tree, dense, embedding
from compare.selftest.ports.networks import LSTM
from compare.selftest.ports.nnx.weights import gates, loaded
from compare.selftest.ports.port import Port


class Lstm(nnx.Module):
    """[N, time] to logits of 4 classes."""

    def __init__(self, rngs: nnx.Rngs, *, cell: Any = nnx.OptimizedLSTMCell) -> None:
        self.embed = nnx.Embed(20, 12, rngs=rngs)
        self.lstm = nnx.RNN(cell(12, 12, rngs=rngs), rngs=rngs)
        self.head = nnx.Linear(12, 4, rngs=rngs)

    def __call__(self, words: Array) -> Array:
        x = self.embed(words)
        zeros = jnp.zeros((len(x), 12), x.dtype)
        return self.head(self.read(self.lstm(x, initial_carry=(zeros, zeros))))

    def read(self, outputs: Array) -> Array:
        """What the last state has seen."""
        return outputs[:, -1]


def lstm_weights(state: State) -> Tree:
    """Converts the weights of `Lstm`."""
    return {
        "embed": embedding(state, "embed"),
        "lstm": {"cell": gates(state, "lstm")},
        "head": dense(state, "head"),
    }


def lstm(state: State, kind: Any = Lstm, **options: Any) -> nnx.Module:
    """Makes a network with the weights that it has in torch."""
    return loaded(kind(nnx.Rngs(0), **options), lstm_weights(state))


RECURRENT = (Port("Flax nnx", LSTM, lstm),)
