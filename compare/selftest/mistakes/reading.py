"""Mistakes in reading weights, or in handing out gradients: layouts, and orders of arrays."""

import dataclasses
import itertools
from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from compare.selftest.backward import Finish, Forward
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import Mistake, has_twins
from jaxmlp.base import Layer, Params

_WHOLE = "the gradient"
_GRADIENT, _WEIGHTS = "its layers are", "the layers of the weights are"
_BOTH = "the layers of the weights and its own are"


def _is_square(f: Forward) -> bool:
    """Whether every matrix is square, so that a transpose fits, and every order of layers."""
    return len(set(f.sizes)) == 1 and f.sizes[0] > 1


def _is_deep_square(f: Forward) -> bool:
    return _is_square(f) and f.depth > 2


def _is_oblong(f: Forward) -> bool:
    """Whether no matrix is square, and the first is no vector."""
    return all(m != n for m, n in itertools.pairwise(f.sizes)) and 1 not in f.sizes[:2]


def _has_both_signs(f: Forward) -> bool:
    """Whether some gradients are the negative of others, roughly."""
    return bool((f.residual > 0).any() and (f.residual < 0).any())


def _read(change: Callable[[Params], Params]) -> Callable[[Forward], Forward]:
    return lambda f: dataclasses.replace(f, params=change(f.params))


def _transposed(params: Params) -> Params:
    return tuple(Layer(w.T, b) for w, b in params)


def _reversed(params: Params) -> Params:
    return params[::-1]


def _rotated(params: Params) -> Params:
    return (*params[1:], params[0])


def _swapped(i: int, j: int, *, weights: bool, biases: bool) -> Callable[[Params], Params]:
    """Swaps the weights, the biases or both of two layers, counted from 1."""

    def change(params: Params) -> Params:
        order = list(range(len(params)))
        order[i - 1], order[j - 1] = j - 1, i - 1
        return tuple(
            Layer(params[k if weights else n].w, params[k if biases else n].b)
            for n, k in enumerate(order)
        )

    return change


def _handed_out(change: Callable[[Params], Params]) -> dict[str, Finish]:
    """Changes how gradients are handed out, as if they were the parameters of a network."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        layers = change(tuple(Layer(*pair) for pair in zip(dws, deltas, strict=True)))
        dws[:], deltas[:] = (list(leaves) for leaves in zip(*layers, strict=True))

    return {"finish": finish}


def _each_w(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Params], Params]:
    """Changes dL/dw of every layer, [N, n_in, n_out]."""
    return lambda layers: tuple(Layer(change(w), b) for w, b in layers)


def _each(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Params], Params]:
    return lambda layers: tuple(Layer(change(w), change(b)) for w, b in layers)


def _swap_axes(dw: np.ndarray) -> np.ndarray:
    return np.swapaxes(dw, 1, 2)


def _column_by_column(dw: np.ndarray) -> np.ndarray:
    """Reads what was written by columns as if it had been written by rows."""
    return _swap_axes(dw).reshape(dw.shape)


def _shuffled(dw: np.ndarray) -> np.ndarray:
    order = np.random.default_rng(13).permutation(dw[0].size)
    return dw.reshape(len(dw), -1)[:, order].reshape(dw.shape)


def _one_off(dw: np.ndarray) -> np.ndarray:
    return np.roll(dw.reshape(len(dw), -1), 1, axis=1).reshape(dw.shape)


def _across_samples(dw: np.ndarray) -> np.ndarray:
    """Reads [n_in, n_out, N] as if it were [N, n_in, n_out]."""
    return np.moveaxis(dw, 0, -1).reshape(dw.shape)


def _w1_everywhere(params: Params) -> Params:
    return tuple(Layer(params[0].w[::-1], b) for _, b in params)


def _read_as(what: str, order: str) -> str:
    return f"right if {what} read {order}"


_TRANSPOSED = Mistake(
    told(_WHOLE, "right if read with --layout=out_in"),
    network=_read(_transposed),
    steps=_handed_out(_each_w(_swap_axes)),
    needs=_is_square,
)
_12, _OFF = "with layers 1 and 2 exchanged", "one layer off"

READING: MappingProxyType[str, Mistake] = MappingProxyType(
    {
        "all read and handed out as out_in": _TRANSPOSED,
        "weights read as out_in": Mistake(
            told("h1*, yhat", "computed with {w} transposed"),
            network=_read(_transposed),
            needs=_is_square,
        ),
        "gradients handed out as out_in": Mistake(
            told("dL/dw1*", "transposed"),
            steps=_handed_out(_each_w(_swap_axes)),
            needs=_is_square,
        ),
        "dw1 written by columns": Mistake(
            told("dL/dw1", "transposed"),
            steps=_handed_out(
                lambda layers: (Layer(_swap_axes(layers[0].w), layers[0].b), *layers[1:])
            ),
            needs=_is_square,
        ),
        "layers read and handed out in reverse": Mistake(
            told(_WHOLE, _read_as(_BOTH, "{reversed}")),
            network=_read(_reversed),
            steps=_handed_out(_reversed),
            needs=_is_square,
        ),
        "layers read in reverse": Mistake(
            told(_WHOLE, _read_as(_WEIGHTS, "{reversed}")),
            network=_read(_reversed),
            needs=_is_square,
        ),
        "gradients handed out in reverse": Mistake(
            told(_WHOLE, _read_as(_GRADIENT, "{reversed}")),
            steps=_handed_out(_reversed),
            needs=_is_square,
        ),
        "gradients handed out one layer off": Mistake(
            told(_WHOLE, _read_as(_GRADIENT, _OFF)),
            steps=_handed_out(_rotated),
            needs=_is_deep_square,
        ),
        "layers read one off": Mistake(
            told(_WHOLE, _read_as(_WEIGHTS, _OFF)),
            network=_read(_rotated),
            needs=_is_deep_square,
        ),
        "w1 and w2 swapped": Mistake(
            told(_WHOLE, _read_as("every w is", _12)),
            network=_read(_swapped(1, 2, weights=True, biases=False)),
            needs=_is_deep_square,
        ),
        "b1 and b2 swapped": Mistake(
            told(_WHOLE, _read_as("every b is", _12)),
            network=_read(_swapped(1, 2, weights=False, biases=True)),
            needs=has_twins,
        ),
        "layers 1 and 2 swapped": Mistake(
            told(_WHOLE, _read_as(_WEIGHTS, _12)),
            network=_read(_swapped(1, 2, weights=True, biases=True)),
            needs=_is_deep_square,
        ),
        "layers 1 and 2 swapped, gradients too": Mistake(
            told(_WHOLE, _read_as(_BOTH, _12)),
            network=_read(_swapped(1, 2, weights=True, biases=True)),
            steps=_handed_out(_swapped(1, 2, weights=True, biases=True)),
            needs=_is_deep_square,
        ),
        "dw1 and dw2 swapped": Mistake(
            told(_WHOLE, _read_as("its dL/dw are", _12)),
            steps=_handed_out(_swapped(1, 2, weights=True, biases=False)),
            needs=_is_deep_square,
        ),
        "db1 and db2 swapped": Mistake(
            told(_WHOLE, _read_as("its dL/db are", _12)),
            steps=_handed_out(_swapped(1, 2, weights=False, biases=True)),
            needs=has_twins,
        ),
        "samples handed out in reverse": Mistake(
            told(_WHOLE, "that of another sample"),
            steps=_handed_out(_each(lambda g: g[::-1])),
        ),
        # from here on without a name
        "w1 in all layers, its rows reversed": Mistake(
            network=_read(_w1_everywhere), needs=_is_square
        ),
        "dw read one entry off": Mistake(steps=_handed_out(_each_w(_one_off))),
        "entries of dw shuffled": Mistake(steps=_handed_out(_each_w(_shuffled))),
        "signs lost in reading": Mistake(steps=_handed_out(_each(np.abs)), needs=_has_both_signs),
        "samples and entries mixed up": Mistake(steps=_handed_out(_each_w(_across_samples))),
        "oblong dw written by columns": Mistake(
            steps=_handed_out(_each_w(_column_by_column)), needs=_is_oblong
        ),
        "rows of dw upside down": Mistake(steps=_handed_out(_each_w(lambda dw: dw[:, ::-1]))),
        "dw upside down and mirrored": Mistake(
            steps=_handed_out(_each_w(lambda dw: dw[:, ::-1, ::-1]))
        ),
    }
)
