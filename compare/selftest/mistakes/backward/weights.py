"""Mistakes in the weights by which delta is passed down, or in what is passed down."""

from collections.abc import Callable

import numpy as np

from compare.selftest.backward import Forward, Step
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import (
    Mistake,
    Need,
    both,
    has_activation,
    has_outputs,
    has_twins,
    in_layer,
    is_curved,
    is_deep,
)


def _right(f: Forward, i: int) -> np.ndarray:
    return f.w(i)


def _in_layer(layer: int, wrong: Step) -> dict[str, Step]:
    return {"weights": in_layer(layer, wrong, _right)}


class _Updated:
    """A backward that steps along dL/dw of a layer before it passes delta down through it."""

    def __init__(self, rate: float, layer: int | None = None) -> None:
        self._rate, self._layer = rate, layer

    def __call__(self, f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        for i in range(f.depth, 1, -1):
            dws[i - 1] = f.outer(f.h[i - 1], deltas[i - 1])
            stepped = self._layer in (None, i)
            rate = np.asarray(self._rate if stepped else 0, f.z[0].dtype)
            used = f.w(i) - rate * dws[i - 1]  # [N, n_in, n_out]
            passed = np.matmul(used, deltas[i - 1][:, :, None])[:, :, 0]
            deltas[i - 2] = passed * f.slope(i - 1)
        dws[0] = f.outer(f.h[0], deltas[0])


def _updated(rate: float) -> Mistake:
    return Mistake(
        told("delta1*", f"computed with {{w_above}} after a step of {rate:g}"),
        steps={"finish": _Updated(rate)},
        needs=is_deep,
    )


def _masked(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    """Applies relu to what comes down, as if it were an activation."""
    for i in range(f.depth, 1, -1):
        deltas[i - 2] = np.maximum(deltas[i - 1] @ f.w(i).T, 0)
        dws[i - 2] = f.outer(f.h[i - 2], deltas[i - 2])


def _unnamed(change: Callable[[np.ndarray], np.ndarray], needs: Need = is_deep) -> Mistake:
    """Changes the weights of the last layer, [n, k], in a way that has no name."""
    return Mistake(
        steps=_in_layer(0, lambda f, i: np.asarray(change(f.w(i)), f.w(i).dtype)),
        needs=both(is_deep, needs, lambda f: f.sizes[-2] > 1),
    )


def _without_last_row(w: np.ndarray) -> np.ndarray:
    return np.concatenate([w[:-1], 0 * w[-1:]])


def _random(w: np.ndarray) -> np.ndarray:
    return np.random.default_rng(4).standard_normal(w.shape) * np.abs(w).max()


WEIGHTS = {
    "w transposed": Mistake(
        told("delta1", "computed with {w_above} transposed"),
        steps=_in_layer(2, lambda f, i: f.w(i).T),
        needs=has_twins,
    ),
    "w left out": Mistake(
        told("delta1", "computed without {w_above}"),
        steps=_in_layer(2, lambda f, i: np.eye(len(f.w(i)), dtype=f.w(i).dtype)),
        needs=has_twins,
    ),
    "w transposed and phi' left out": Mistake(
        told("delta1", "computed with {w_above} transposed and without phi'"),
        steps={
            **_in_layer(2, lambda f, i: f.w(i).T),
            "slope": in_layer(1, lambda f, i: np.ones_like(f.z[0]), lambda f, i: f.slope(i)),
        },
        needs=both(has_twins, is_curved),
    ),
    "w of another layer": Mistake(
        told("delta1", "computed with w3 for {w_above}"),
        steps=_in_layer(2, lambda f, i: f.w(3)),
        needs=lambda f: f.depth > 3 and f.w(2).shape == f.w(3).shape and f.w(2).size > 1,
    ),
    "|w|": Mistake(
        told("delta{H}", "computed with |{w_above}| for {w_above}"),
        steps=_in_layer(0, lambda f, i: np.abs(f.w(i))),
        needs=is_deep,
    ),
    "w after a step of 0.1": _updated(0.1),
    "w after a step of 0.01": _updated(0.01),
    "w after a step of 0.5": _updated(0.5),
    "w2 after a step of 0.1": Mistake(
        told("delta1", "computed with {w_above} after a step of 0.1"),
        steps={"finish": _Updated(0.1, layer=2)},
        needs=is_deep,
    ),
    "relu put on delta": Mistake(
        told("delta1*", "phi of w delta"),
        steps={"finish": _masked},
        needs=both(has_activation("relu"), lambda f: f.depth > 2),
    ),
    # from here on without a name
    "a unit dropped": _unnamed(_without_last_row),
    "signs of w": _unnamed(np.sign),
    "random w": _unnamed(_random),
    "the squares of w": _unnamed(np.square),
    "rows of w shifted": _unnamed(lambda w: np.roll(w, 1, axis=0)),
    "w clipped": _unnamed(lambda w: np.clip(w, -0.1 * np.abs(w).max(), 0.1 * np.abs(w).max())),
    "small w pruned": _unnamed(lambda w: np.where(np.abs(w) > np.median(np.abs(w)), w, 0)),
    "w sorted": _unnamed(lambda w: np.sort(w, axis=0)),
    "w by its pseudo-inverse": _unnamed(
        lambda w: np.linalg.pinv(w).T,
        needs=has_outputs,  # of a single output it is a multiple of w
    ),
    "a constant added to w": _unnamed(lambda w: w + 0.1),
}
