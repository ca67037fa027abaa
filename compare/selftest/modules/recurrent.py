"""Recurrent networks, by torch's own modules and by a loop over a cell."""

import jax
import jax.numpy as jnp
import torch
from jax import lax
from torch import nn

from compare.problem.cuts import cut
from compare.selftest.modules.example import Array, Example, State, normals
from compare.selftest.modules.jax_layers import linear


class LstmOutputs(nn.Module):
    """All outputs of an LSTM: [N, time, features]."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(x)[0])


def _lstm_twin(state: State, x: Array) -> Array:
    w_x, w_h = state["lstm.weight_ih_l0"], state["lstm.weight_hh_l0"]
    bias = state["lstm.bias_ih_l0"] + state["lstm.bias_hh_l0"]

    def step(carry: tuple[Array, Array], x_t: Array) -> tuple[tuple[Array, Array], Array]:
        h, c = carry
        enter, forget, new, leave = jnp.split(x_t @ w_x.T + h @ w_h.T + bias, 4, axis=-1)
        c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(enter) * jnp.tanh(new)
        h = jax.nn.sigmoid(leave) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((x.shape[0], w_h.shape[1]), x.dtype)
    _, outputs = lax.scan(step, (zeros, zeros), jnp.swapaxes(x, 0, 1))
    return linear(state, "head", cut(jnp.swapaxes(outputs, 0, 1), "lstm[0]"))


class GruOutputs(nn.Module):
    """All outputs of two layers of a GRU in both directions: [time, N, features]."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(5, 6, num_layers=2, bidirectional=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.gru(x)[0]


class GruLoop(nn.Module):
    """A GRU cell in a loop of Python, and the last state: [time, N, features]."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 6)
        self.head = nn.Linear(6, 2)

    def passed_on(self, h: torch.Tensor, time: int) -> torch.Tensor:
        """Returns the state that the next time begins with."""
        return h

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x.new_zeros(x.shape[1], 6)
        for time, x_t in enumerate(x):
            h = self.passed_on(self.cell(x_t, h), time)
        return self.head(h)


def _gru_loop_twin(state: State, x: Array) -> Array:
    h = jnp.zeros((x.shape[1], 6), x.dtype)
    for time, x_t in enumerate(x):
        of_x = x_t @ state["cell.weight_ih"].T + state["cell.bias_ih"]
        of_h = h @ state["cell.weight_hh"].T + state["cell.bias_hh"]
        (r_x, z_x, n_x), (r_h, z_h, n_h) = (jnp.split(one, 3, axis=-1) for one in (of_x, of_h))
        reset, update = jax.nn.sigmoid(r_x + r_h), jax.nn.sigmoid(z_x + z_h)
        new = jnp.tanh(n_x + reset * n_h)
        h = cut((1 - update) * new + update * h, f"cell@{time}" if time else "cell")
    return linear(state, "head", h)


RECURRENT = (
    Example("lstm", LstmOutputs, normals((2, 6, 5)), _lstm_twin),
    Example("bidirectional gru", GruOutputs, normals((6, 2, 5))),
    Example("gru in a loop", GruLoop, normals((5, 3, 4)), _gru_loop_twin),
)
