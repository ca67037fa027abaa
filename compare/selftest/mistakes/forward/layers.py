"""Other weights or biases, forward and backward."""

import dataclasses
from collections.abc import Callable

import numpy as np

from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import (
    Mistake,
    Need,
    both,
    has_twins,
    is_deep,
    number,
    shows_h1,
)
from jaxmlp.base import Layer

_NO_BIAS, _BIAS_TWICE = "computed without {b}", "computed with {b} added twice"
_BIAS_NEGATED = "computed with -{b} for {b}"


def _network(layer: int | None, change: Callable[[Forward, Layer], Layer]) -> Callable:
    """Changes the parameters of one layer, counted backwards from 0, or of all."""

    def network(f: Forward) -> Forward:
        some = range(1, f.depth + 1) if layer is None else (number(f, layer),)
        params = tuple(change(f, one) if i in some else one for i, one in enumerate(f.params, 1))
        return dataclasses.replace(f, params=params)

    return network


def _w(layer: int | None, change: Callable[[np.ndarray], np.ndarray]) -> Callable:
    return _network(layer, lambda f, one: one._replace(w=np.asarray(change(one.w), one.w.dtype)))


def _b(layer: int | None, change: Callable[[np.ndarray], np.ndarray]) -> Callable:
    return _network(layer, lambda f, one: one._replace(b=np.asarray(change(one.b), one.b.dtype)))


def _swapped(f: Forward) -> Forward:
    """Swaps w2 and w3."""
    one, two = f.params[1:3]
    return dataclasses.replace(
        f, params=(f.params[0], one._replace(w=two.w), two._replace(w=one.w), *f.params[3:])
    )


def _b2_for_b1(f: Forward) -> Forward:
    first = f.params[0]._replace(b=f.params[1].b)
    return dataclasses.replace(f, params=(first, *f.params[1:]))


def _w3_for_w2(f: Forward) -> Forward:
    second = f.params[1]._replace(w=f.params[2].w)
    return dataclasses.replace(f, params=(f.params[0], second, *f.params[2:]))


def _has_square_pair(f: Forward) -> bool:
    """Whether w2 and w3 have one shape, and h2 and h3 are hidden."""
    return f.depth > 3 and f.w(2).shape == f.w(3).shape


def _has_units(f: Forward) -> bool:
    return f.depth > 1 and f.sizes[1] > 2


def _shows_w1(f: Forward) -> bool:
    return _has_units(f) and shows_h1(f)


def _shows_w2(f: Forward) -> bool:
    return f.depth > 2 and shows_h1(f)


def _unnamed(network: Callable, needs: Need = _has_units) -> Mistake:
    return Mistake(network=network, needs=needs)


def _half_dropped(w: np.ndarray) -> np.ndarray:
    return w * (np.random.default_rng(8).random(w.shape) < 0.5)


def _with_noise(w: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(9).standard_normal(w.shape)
    return w + 0.1 * np.abs(w).max() * noise


def _last_row_dropped(w: np.ndarray) -> np.ndarray:
    return np.concatenate([w[:-1], 0 * w[-1:]])


LAYERS = {
    "b1 forgotten": Mistake(told("h1", _NO_BIAS), network=_b(1, lambda b: 0 * b), needs=is_deep),
    "b2 forgotten": Mistake(
        told("h2", _NO_BIAS), network=_b(2, lambda b: 0 * b), needs=lambda f: f.depth > 2
    ),
    "the last bias forgotten": Mistake(told("yhat", _NO_BIAS), network=_b(0, lambda b: 0 * b)),
    "every bias forgotten": Mistake(told("h1*, yhat", _NO_BIAS), network=_b(None, lambda b: 0 * b)),
    "b1 added twice": Mistake(
        told("h1", _BIAS_TWICE), network=_b(1, lambda b: 2 * b), needs=is_deep
    ),
    "the last bias added twice": Mistake(told("yhat", _BIAS_TWICE), network=_b(0, lambda b: 2 * b)),
    "b1 subtracted": Mistake(told("h1", _BIAS_NEGATED), network=_b(1, np.negative), needs=is_deep),
    "the last bias subtracted": Mistake(told("yhat", _BIAS_NEGATED), network=_b(0, np.negative)),
    "b2 in place of b1": Mistake(
        told("h1", "computed with b2 for {b}"), network=_b2_for_b1, needs=has_twins
    ),
    "w2 transposed": Mistake(
        told("h2", "computed with {w} transposed"),
        network=_w(2, np.transpose),
        needs=both(has_twins, shows_h1),
    ),
    "w2 transposed in the forward only": Mistake(
        told("h2", "computed with {w} transposed, in the forward pass alone"),
        network=_w(2, np.transpose),
        steps={"weights": lambda f, i: f.w(i).T if i == 2 else f.w(i)},
        needs=both(has_twins, shows_h1),
    ),
    "w2 and w3 swapped": Mistake(
        told("the gradient", "right if every w is read with layers 2 and 3 exchanged"),
        network=_swapped,
        needs=both(_has_square_pair, shows_h1),
    ),
    "w3 in place of w2": Mistake(
        told("h2", "computed with w3 for {w}"),
        network=_w3_for_w2,
        needs=both(_has_square_pair, shows_h1),
    ),
    "w1 twice": Mistake(
        told("h1", "computed with {w} times 2"), network=_w(1, lambda w: 2 * w), needs=_shows_w1
    ),
    "w2 halved": Mistake(
        told("h2", "computed with {w} times 0.5"),
        network=_w(2, lambda w: w / 2),
        needs=_shows_w2,
    ),
    "the last w 0.1 times": Mistake(
        told("yhat", "computed with {w} times 0.1"), network=_w(0, lambda w: 0.1 * w), needs=is_deep
    ),
    "w1 negated": Mistake(
        told("h1", "computed with -{w} for {w}"), network=_w(1, np.negative), needs=_shows_w1
    ),
    "|w2|": Mistake(
        told("h2", "computed with |{w}| for {w}"),
        network=_w(2, np.abs),
        needs=_shows_w2,
    ),
    # from here on without a name
    "half of w1 dropped": _unnamed(_w(1, _half_dropped), _shows_w1),
    "noise in w1": _unnamed(_w(1, _with_noise), _shows_w1),
    "noise in every w": _unnamed(_w(None, _with_noise)),
    "the last row of the last w dropped": _unnamed(_w(0, _last_row_dropped)),
    "rows of the last w shifted": _unnamed(_w(0, lambda w: np.roll(w, 1, axis=0))),
    "the largest entry of w1 dropped": _unnamed(
        _w(1, lambda w: np.where(np.abs(w) < np.abs(w).max(), w, 0)), _shows_w1
    ),
    "w1 sorted": _unnamed(_w(1, lambda w: np.sort(w, axis=1)), _shows_w1),
    "the squares of w1": _unnamed(_w(1, np.square), _shows_w1),
    "w1 clipped": _unnamed(
        _w(1, lambda w: np.clip(w, -0.3 * np.abs(w).max(), 0.3 * np.abs(w).max())), _shows_w1
    ),
    "w2 a triangle": _unnamed(_w(2, np.triu), both(_has_units, has_twins)),
    "units of b1 shifted": _unnamed(_b(1, lambda b: np.roll(b, 1)), _has_units),
    "noise in b1": _unnamed(_b(1, _with_noise), _has_units),
}
