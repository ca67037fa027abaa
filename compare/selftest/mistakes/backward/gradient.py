"""Mistakes in dL/dw or dL/db beside a right delta, or in both of a layer."""

import numpy as np

from compare.selftest.backward import Finish, Forward
from compare.selftest.mistakes.claim import HALF, NEGATIVE, TWICE, ZERO, times, told
from compare.selftest.mistakes.mistake import (
    Mistake,
    both,
    changed,
    changed_all,
    has_twins,
    in_layer,
    is_deep,
    number,
    shows_h1,
)


def _times(which: str, layer: int | None, factor: float, said: str = "") -> Mistake:
    """Multiplies dL/dw ('w') or dL/db ('b') of one layer, or of all."""
    if layer is None:
        steps = changed_all(which, lambda f, g: np.asarray(factor, g.dtype) * g)
        place = "1*"
    else:
        steps = changed(which, layer, lambda f, g: np.asarray(factor, g.dtype) * g)
        place = {0: "{L}", -1: "{H}"}.get(layer, str(layer))
    needs = (lambda f: True) if layer in (None, 0, 1) else shows_h1
    return Mistake(told(f"dL/d{which}{place}", said or times(factor)), steps=steps, needs=needs)


def _decay(place: str, rate: float, layer: int | None = None) -> Mistake:
    """Adds the slope of an L2 term to dL/dw of one layer, or of all."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        for i, (w, _) in enumerate(f.params):
            if layer in (None, i + 1):
                dws[i] = dws[i] + np.asarray(rate, w.dtype) * w

    said = f"that of the loss + {rate:g} w"
    return Mistake(told(place, said), steps={"finish": finish})


def _delta_of_layer_2(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    dws[0] = f.outer(f.h[0], deltas[1])


def _db_of_layer_2(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    deltas[0] = deltas[1]


def _delta_times(layer: int, factor: float) -> Finish:
    """Multiplies dL/dw and dL/db of one layer."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        place = number(f, layer) - 1
        deltas[place], dws[place] = factor * deltas[place], factor * dws[place]

    return finish


def _summed(g: np.ndarray) -> np.ndarray:
    return np.broadcast_to(g.sum(axis=1, keepdims=True), g.shape)


def _clipped_to(norm: float) -> Finish:
    """Scales every sample's gradient down to a norm, if it is larger."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        squares = [np.square(g).reshape(len(g), -1).sum(axis=1) for g in (*deltas, *dws)]
        by = np.minimum(1, norm / np.sqrt(sum(squares)))
        deltas[:] = [by[:, None] * g for g in deltas]
        dws[:] = [by[:, None, None] * g for g in dws]

    return finish


def _is_clipped(norm: float, f: Forward) -> bool:
    """Whether a gradient is larger than the norm by far in half of the samples or more."""
    return bool(np.mean(np.abs(f.residual).max(axis=1) > norm) > 0.5)


GRADIENT = {
    "dw transposed": Mistake(
        told("dL/dw2", "transposed"),
        steps=changed("w", 2, lambda f, dw: np.swapaxes(dw, 1, 2)),
        needs=both(has_twins, shows_h1),
    ),
    "z for h in dw": Mistake(
        told("dL/dw2*", "computed with {z_below} for {h_below}"),
        steps={"acts": lambda f, i: f.z[i - 2] if i > 1 else f.h[0]},
        needs=lambda f: is_deep(f) and f.activation != "identity",
    ),
    "x left out": Mistake(
        told("dL/dw1", "computed without x"),
        steps={"acts": in_layer(1, lambda f, i: np.ones_like(f.h[0]), lambda f, i: f.h[i - 1])},
    ),
    "h of another layer in dw": Mistake(
        told("dL/dw2", "computed with h2 for {h_below}"),
        steps={"acts": in_layer(2, lambda f, i: f.h[2], lambda f, i: f.h[i - 1])},
        needs=has_twins,
    ),
    "delta of another layer in dw": Mistake(
        told(
            "dL/dw1",
            "computed with delta2 for {delta}",
            "computed without {w_above} and without phi'",
        ),
        steps={"finish": _delta_of_layer_2},
        needs=has_twins,
    ),
    "delta of another layer in db": Mistake(
        told("dL/db1", "computed with delta2 for {delta}"),
        steps={"finish": _db_of_layer_2},
        needs=has_twins,
    ),
    "dw1 negated": _times("w", 1, -1, NEGATIVE),
    "last dw halved": _times("w", 0, 0.5, HALF),
    "dw2 twice": _times("w", 2, 2, TWICE),
    "dw2 three times": _times("w", 2, 3),
    "last db doubled": _times("b", 0, 2, TWICE),
    "db1 negated": _times("b", 1, -1, NEGATIVE),
    "db1 four times": _times("b", 1, 4),
    "db2 0.1 times": _times("b", 2, 0.1),
    "every db twice": _times("b", None, 2, TWICE),
    "every db negated": _times("b", None, -1, NEGATIVE),
    "every dw halved": _times("w", None, 0.5, HALF),
    "every dw 0.01 times": _times("w", None, 0.01),
    "dw detached": Mistake(told("dL/dw1", ZERO), steps=changed("w", 1, lambda f, dw: 0 * dw)),
    "db detached": Mistake(told("dL/db1", ZERO), steps=changed("b", 1, lambda f, db: 0 * db)),
    "every db detached": Mistake(
        told("dL/db1*", ZERO), steps=changed_all("b", lambda f, db: 0 * db)
    ),
    "first layer detached": Mistake(
        told("delta1", ZERO), steps={"finish": _delta_times(1, 0)}, needs=is_deep
    ),
    "first layer negated": Mistake(
        told("delta1", NEGATIVE), steps={"finish": _delta_times(1, -1)}, needs=is_deep
    ),
    "first layer twice": Mistake(
        told("delta1", TWICE), steps={"finish": _delta_times(1, 2)}, needs=is_deep
    ),
    "db2 is the sum over its units": Mistake(
        told("dL/db2", "in every entry the sum over the {n[2]} units"),
        steps=changed("b", 2, lambda f, db: _summed(db)),
        needs=lambda f: f.depth > 2 and f.sizes[2] > 1,
    ),
    "db1 is the sum over its units": Mistake(
        told("dL/db1", "in every entry the sum over the {n[1]} units"),
        steps=changed("b", 1, lambda f, db: _summed(db)),
        needs=lambda f: f.sizes[1] > 1,
    ),
    "every dw with decay of 0.01": _decay("dL/dw1*", 0.01),
    "every dw with decay of 0.1": _decay("dL/dw1*", 0.1),
    "dw1 with decay of 0.01": _decay("dL/dw1", 0.01, layer=1),
    "clipped to norm 1": Mistake(
        told("the gradient", "clipped to norm 1"),
        steps={"finish": _clipped_to(1)},
        needs=lambda f: _is_clipped(1, f),
    ),
    "clipped to norm 0.1": Mistake(
        told("the gradient", "clipped to norm 0.1"),
        steps={"finish": _clipped_to(0.1)},
        needs=both(is_deep, lambda f: _is_clipped(0.1, f)),
    ),
}
