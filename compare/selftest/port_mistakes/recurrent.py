"""Wrong LSTMs."""

import functools

import equinox as eqx
import flax.nnx
import haiku as hk
import jax
import jax.numpy as jnp
from jax import lax

from compare.selftest.modules.example import Array
from compare.selftest.port_mistakes.mistake import PortMistake, backward, forward, having
from compare.selftest.ports.equinox import recurrent as equinox
from compare.selftest.ports.haiku import recurrent as haiku
from compare.selftest.ports.linen import recurrent as linen
from compare.selftest.ports.nnx import recurrent as nnx


class _FirstState(nnx.Lstm):
    def read(self, outputs: Array) -> Array:
        return outputs[:, 0]


class _MeanState(haiku.Lstm):
    def read(self, outputs: Array) -> Array:
        return outputs.mean(1)


class _GatesReordered(eqx.nn.LSTMCell):
    """Reads the second and the third gate in each other's place."""

    def __call__(self, x: Array, hidden: tuple[Array, Array]) -> tuple[Array, Array]:
        h, c = hidden
        enter, new, forget, leave = jnp.split(
            self.weight_ih @ x + self.weight_hh @ h + self.bias, 4
        )
        c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(enter) * jnp.tanh(new)
        return jax.nn.sigmoid(leave) * jnp.tanh(c), c


class _Truncated(eqx.nn.LSTMCell):
    """Differentiates as if the past was given."""

    def __call__(self, x: Array, hidden: tuple[Array, Array]) -> tuple[Array, Array]:
        return super().__call__(x, lax.stop_gradient(hidden))


class _StateNotSquashed(hk.LSTM):
    """Leaves out the tanh of the state."""

    def __call__(self, x: Array, state: hk.LSTMState) -> tuple[Array, hk.LSTMState]:
        packed = hk.Linear(48, name="linear")(jnp.concatenate([x, state.hidden], axis=-1))
        enter, new, forget, leave = jnp.split(packed, 4, axis=-1)
        c = jax.nn.sigmoid(forget + 1) * state.cell + jax.nn.sigmoid(enter) * jnp.tanh(new)
        h = jax.nn.sigmoid(leave) * c
        return h, hk.LSTMState(h, c)


class _PaddingStopped(linen.Lstm):
    """Takes words 0 to 2 for special ones, which are not trained."""

    def embedded(self, words: Array, x: Array) -> Array:
        return jnp.where((words <= 2)[..., None], lax.stop_gradient(x), x)


RECURRENT: tuple[PortMistake, ...] = (
    forward(
        "time reversed",
        "lstm, Flax linen",
        having(linen.lstm, is_reversed=True),
        at="lstm[0]",
        words="reversed",
    ),
    forward(
        "the first state for the last",
        "lstm, Flax nnx",
        having(nnx.lstm, _FirstState),
        at="head",
        words="first",
    ),
    forward(
        "the mean of all states",
        "lstm, Haiku",
        having(haiku.lstm, _MeanState),
        at="head",
        words="mean",
    ),
    forward(
        "gates in another order",
        "lstm, Equinox",
        having(equinox.lstm, cell=_GatesReordered),
        at="lstm[0]",
        words="in each other's place",
    ),
    forward(
        "hard sigmoids",
        "lstm, Flax nnx",
        having(
            nnx.lstm,
            cell=functools.partial(flax.nnx.OptimizedLSTMCell, gate_fn=flax.nnx.hard_sigmoid),
        ),
        at="lstm[0]",
        words="hard_sigmoid",
    ),
    forward(
        "no tanh of the state",
        "lstm, Haiku",
        having(haiku.lstm, cell=_StateNotSquashed),
        at="lstm[0]",
        words="activation",
    ),
    backward(
        "a backward pass that is cut in time",
        "lstm, Equinox",
        having(equinox.lstm, cell=_Truncated),
        at="embed",
        words="detached",
    ),
    backward(
        "the gradient of some words dropped",
        "lstm, Flax linen",
        having(linen.lstm, _PaddingStopped),
        at="embed",
        words="0",
    ),
)
