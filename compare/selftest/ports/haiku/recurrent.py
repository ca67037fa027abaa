"""An LSTM over words in Haiku."""

from typing import Any

import haiku as hk

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.haiku.params import Tree, embedding, gates, linear
from compare.selftest.ports.networks import LSTM
from compare.selftest.ports.port import Port


class Lstm(hk.Module):
    """[N, time] to logits of 4 classes."""

    def __init__(self, *, cell: Any = hk.LSTM, name: str = "net") -> None:
        super().__init__(name=name)
        self.cell = cell

    def __call__(self, words: Array) -> Array:
        x = hk.Embed(20, 12, name="embed")(words)
        core = self.cell(12, name="lstm")
        start = core.initial_state(len(x))
        outputs, _ = hk.dynamic_unroll(core, self.ordered(x), start, time_major=False)
        return hk.Linear(4, name="head")(self.read(outputs))

    def ordered(self, x: Array) -> Array:
        """From the first time to the last."""
        return x

    def read(self, outputs: Array) -> Array:
        """What the last state has seen."""
        return outputs[:, -1]


def lstm_params(state: State) -> Tree:
    """Converts the weights of `Lstm`."""
    return {
        "net/embed": embedding(state, "embed"),
        "net/lstm/linear": gates(state, "lstm"),
        "net/head": linear(state, "head"),
    }


def lstm(state: State, kind: type[Lstm] = Lstm, **options: Any) -> Model:
    """Makes a network with the weights that it has in torch."""
    network = hk.transform(lambda words: kind(**options, name="net")(words))
    return Model(hk.without_apply_rng(network), lstm_params(state))


RECURRENT = (Port("Haiku", LSTM, lstm),)
