"""An LSTM over words in Equinox: [time] of one sample."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax

from compare.selftest.modules.example import Array, State
from compare.selftest.ports.equinox.weights import KEY, loaded
from compare.selftest.ports.networks import LSTM
from compare.selftest.ports.port import Port


class Lstm(eqx.Module):
    """[time] to logits of 4 classes."""

    embed: eqx.nn.Embedding
    cell: eqx.nn.LSTMCell
    head: eqx.nn.Linear

    def __init__(self, state: State, *, cell: Any = eqx.nn.LSTMCell) -> None:
        self.embed = loaded(eqx.nn.Embedding(20, 12, key=KEY), state, "embed")
        weights = (
            state["lstm.weight_ih_l0"],
            state["lstm.weight_hh_l0"],
            state["lstm.bias_ih_l0"] + state["lstm.bias_hh_l0"],
        )
        made = cell(12, 12, key=KEY)
        where = lambda one: (one.weight_ih, one.weight_hh, one.bias)  # noqa: E731
        self.cell = eqx.tree_at(where, made, weights)
        self.head = loaded(eqx.nn.Linear(12, 4, key=KEY), state, "head")

    def __call__(self, words: Array) -> Array:
        x = jax.vmap(self.embed)(words)
        return self.head(self.read(self.outputs(x)))

    def outputs(self, x: Array) -> Array:
        """All states in turn: [time, features]."""

        def step(carry: tuple[Array, Array], x_t: Array) -> tuple[tuple[Array, Array], Array]:
            carry = self.cell(x_t, carry)
            return carry, carry[0]

        zeros = jnp.zeros(12, x.dtype)
        return lax.scan(step, (zeros, zeros), x)[1]

    def read(self, outputs: Array) -> Array:
        """What the last state has seen."""
        return outputs[-1]


def lstm(state: State, kind: Any = Lstm, **options: Any) -> eqx.Module:
    """Makes a network with the weights that it has in torch."""
    return kind(state, **options)


RECURRENT = (Port("Equinox", LSTM, lstm),)
