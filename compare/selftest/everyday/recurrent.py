"""Recurrent networks by `scan`: [time, N, features]."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import lax

from compare.selftest.everyday.function import Array, Draw, Function, Tree, normal, normals

_T, _N, _IN, _HIDDEN = 8, 3, 5, 6
_Params = dict[str, Any]


def _params_and_xs(gates: int) -> Draw:
    """Makes a draw of what torch calls weight_ih, weight_hh, bias_ih and bias_hh, and of xs."""
    n = gates * _HIDDEN
    sizes = {"wx": (n, _IN), "wh": (n, _HIDDEN), "bx": (n,), "bh": (n,)}

    def draw(rng: np.random.Generator) -> tuple[Tree, ...]:
        params = {name: normal(rng, *size, scale=0.4) for name, size in sizes.items()}
        return params, normal(rng, _T, _N, _IN)

    return draw


def _gates(params: _Params, x: Array, h: Array) -> tuple[Array, Array]:
    return x @ params["wx"].T + params["bx"], h @ params["wh"].T + params["bh"]


def _at_first(xs: Array) -> Array:
    return jnp.zeros((xs.shape[1], _HIDDEN), xs.dtype)


def _elman(params: _Params, xs: Array) -> Array:
    def step(h: Array, x: Array) -> tuple[Array, Array]:
        h = jnp.tanh(sum(_gates(params, x, h)))
        return h, h

    return lax.scan(step, _at_first(xs), xs)[1]


def _gru(params: _Params, xs: Array) -> Array:
    def step(h: Array, x: Array) -> tuple[Array, None]:
        of_x, of_h = (jnp.split(gate, 3, axis=-1) for gate in _gates(params, x, h))
        reset, update = (jax.nn.sigmoid(of_x[i] + of_h[i]) for i in (0, 1))
        new = jnp.tanh(of_x[2] + reset * of_h[2])
        return (1 - update) * new + update * h, None

    return lax.scan(step, _at_first(xs), xs)[0]


def _lstm(params: _Params, xs: Array, *, reverse: bool = False) -> Array:
    def step(state: tuple[Array, Array], x: Array) -> tuple[tuple[Array, Array], Array]:
        h, cell = state
        enter, forget, new, out = jnp.split(sum(_gates(params, x, h)), 4, axis=-1)
        cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(enter) * jnp.tanh(new)
        h = jax.nn.sigmoid(out) * jnp.tanh(cell)
        return (h, cell), h

    return lax.scan(step, (_at_first(xs),) * 2, xs, reverse=reverse)[1]


def _by_torch(kind: type, params: _Params, xs: Array) -> tuple[Array, Array]:
    """Returns all h [time, N, hidden] and the last h [N, hidden]."""
    weights = {
        "weight_ih_l0": params["wx"],
        "weight_hh_l0": params["wh"],
        "bias_ih_l0": params["bx"],
        "bias_hh_l0": params["bh"],
    }
    module = kind(_IN, _HIDDEN, dtype=xs.dtype)
    everything, _ = torch.func.functional_call(module, weights, (xs,))
    return everything, everything[-1]


def _decayed(decay: Array, xs: Array) -> Array:
    """A linear recurrence, in order."""

    def step(h: Array, x: Array) -> tuple[Array, Array]:
        h = jax.nn.sigmoid(decay) * h + x
        return h, h

    return lax.scan(step, jnp.zeros_like(xs[0]), xs)[1]


def _torch_decayed(decay: Array, xs: Array) -> Array:
    h, made = torch.zeros_like(xs[0]), []
    for x in xs:
        h = torch.sigmoid(decay) * h + x
        made.append(h)
    return torch.stack(made)


def _decayed_by_tree(decay: Array, xs: Array) -> Array:
    """The same by an associative scan."""

    def joined(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
        return a[0] * b[0], a[1] * b[0] + b[1]

    factors = jnp.broadcast_to(jax.nn.sigmoid(decay), xs.shape)
    return lax.associative_scan(joined, (factors, xs))[1]


RECURRENT = (
    Function(
        "elman_scan",
        _elman,
        _params_and_xs(1),
        (0, 1),
        lambda params, xs: _by_torch(torch.nn.RNN, params, xs)[0],
        is_layer=False,
    ),
    Function(
        "gru_scan",
        _gru,
        _params_and_xs(3),
        (0, 1),
        lambda params, xs: _by_torch(torch.nn.GRU, params, xs)[1],
        is_layer=False,
    ),
    Function(
        "lstm_scan",
        _lstm,
        _params_and_xs(4),
        (0, 1),
        lambda params, xs: _by_torch(torch.nn.LSTM, params, xs)[0],
        is_layer=False,
    ),
    Function(
        "lstm_scan_reversed",
        lambda params, xs: _lstm(params, xs, reverse=True),
        _params_and_xs(4),
        (0, 1),
        lambda params, xs: _by_torch(torch.nn.LSTM, params, xs.flip(0))[0].flip(0),
        is_layer=False,
    ),
    Function(
        "linear_recurrence",
        _decayed,
        normals((4,), (_T, 4)),
        (0, 1),
        _torch_decayed,
        is_layer=False,
    ),
    Function(
        "linear_recurrence_by_tree",
        _decayed_by_tree,
        normals((4,), (_T, 4)),
        (0, 1),
        _torch_decayed,
        is_layer=False,
    ),
)
