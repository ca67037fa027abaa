"""Mistakes in single entries, in their order, or in all of them at random: few have a name."""

from collections.abc import Callable

import numpy as np

from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import Change, Mistake, changed, changed_all


def _one_entry(change: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Changes dL/dw[0, 0] of every sample."""

    def wrong(f: Forward, dw: np.ndarray) -> np.ndarray:
        dw = dw.copy()
        dw[:, 0, 0] = change(dw[:, 0, 0])
        return dw

    return wrong


def _noise(share: float) -> Change:
    """Multiplies every entry by 1 +- a share, at random."""

    def wrong(f: Forward, g: np.ndarray) -> np.ndarray:
        return np.asarray(
            g * (1 + share * np.random.default_rng(5).uniform(-1, 1, g.shape)), g.dtype
        )

    return wrong


def _dropped(f: Forward, g: np.ndarray) -> np.ndarray:
    return np.where(np.random.default_rng(6).random(g.shape) < 0.8, g, 0)


def _clipped(f: Forward, g: np.ndarray) -> np.ndarray:
    most = 0.3 * np.abs(g).max()
    return np.clip(g, -most, most)


def _largest_only(f: Forward, g: np.ndarray) -> np.ndarray:
    return np.where(np.abs(g) >= np.median(np.abs(g)), g, 0)


def _centred(f: Forward, dw: np.ndarray) -> np.ndarray:
    return dw - dw.mean(axis=1, keepdims=True)


def _unit_rows(f: Forward, dw: np.ndarray) -> np.ndarray:
    norm = np.sqrt(np.square(dw).sum(axis=2, keepdims=True))
    return np.asarray(dw / np.where(norm > 0, norm, 1), dw.dtype)


def _by_unit(f: Forward, dw: np.ndarray) -> np.ndarray:
    return dw * np.linspace(0.5, 1.5, dw.shape[1], dtype=dw.dtype)[:, None]


def _row_zero(f: Forward, dw: np.ndarray) -> np.ndarray:
    return np.concatenate([0 * dw[:, :1], dw[:, 1:]], axis=1)


def _summed_over_inputs(f: Forward, dw: np.ndarray) -> np.ndarray:
    return np.broadcast_to(dw.sum(axis=1, keepdims=True), dw.shape)


def _l1(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    dws[:] = [
        dw + np.asarray(0.01, dw.dtype) * np.sign(w)
        for dw, (w, _) in zip(dws, f.params, strict=True)
    ]


def _has_rows(f: Forward) -> bool:
    return f.sizes[0] > 1 and f.sizes[-2] > 1


def _has_units(f: Forward) -> bool:
    return f.sizes[1] > 2


ENTRIES = {
    "one entry 1 % off": Mistake(
        steps=changed("w", 1, _one_entry(lambda g: g * g.dtype.type(1.01)))
    ),
    "one entry 128 ulp off": Mistake(
        steps=changed("w", 1, _one_entry(lambda g: g * g.dtype.type(1 + 2.0**-16)))
    ),
    "one entry negated": Mistake(steps=changed("w", 0, _one_entry(np.negative)), needs=_has_rows),
    "one entry left out": Mistake(
        steps=changed("w", 0, _one_entry(np.zeros_like)), needs=_has_rows
    ),
    "rows of dw shifted": Mistake(
        steps=changed("w", 1, lambda f, dw: np.roll(dw, 1, axis=1)), needs=_has_rows
    ),
    "rows of the last dw reversed": Mistake(
        steps=changed("w", 0, lambda f, dw: dw[:, ::-1]), needs=_has_rows
    ),
    "columns of dw1 shifted": Mistake(
        steps=changed("w", 1, lambda f, dw: np.roll(dw, 1, axis=2)), needs=_has_units
    ),
    "units of db1 shifted": Mistake(
        steps=changed("b", 1, lambda f, db: np.roll(db, 1, axis=1)), needs=_has_units
    ),
    "first row of the last dw left out": Mistake(steps=changed("w", 0, _row_zero), needs=_has_rows),
    "the last dw summed over its inputs": Mistake(
        told("dL/dw{L}", "in every entry the sum over the {m} inputs"),
        steps=changed("w", 0, _summed_over_inputs),
        needs=_has_rows,
    ),
    "dw summed up along its inputs": Mistake(
        steps=changed_all("w", lambda f, dw: np.cumsum(dw, axis=1)), needs=_has_rows
    ),
    "dw less its mean over the batch": Mistake(
        steps=changed_all("w", lambda f, dw: dw - dw.mean(axis=0))
    ),
    "a constant added to db1": Mistake(
        steps=changed("b", 1, lambda f, db: db + np.asarray(1e-3, db.dtype))
    ),
    "a constant added to every dw": Mistake(
        steps=changed_all("w", lambda f, dw: dw + np.asarray(0.1, dw.dtype))
    ),
    "noise of 20 %": Mistake(steps=changed_all("wb", _noise(0.2))),
    "noise of 20 % in dw1": Mistake(steps=changed("w", 1, _noise(0.2))),
    "a fifth of the entries dropped": Mistake(steps=changed_all("wb", _dropped)),
    "entries clipped": Mistake(steps=changed_all("wb", _clipped)),
    "small entries left out": Mistake(steps=changed_all("wb", _largest_only)),
    "signs of dw only": Mistake(steps=changed_all("w", lambda f, dw: np.sign(dw))),
    "tanh of dw": Mistake(steps=changed_all("w", lambda f, dw: np.tanh(10 * dw))),
    "dw centred": Mistake(steps=changed_all("w", _centred), needs=_has_rows),
    "rows of the last dw of norm 1": Mistake(steps=changed("w", 0, _unit_rows), needs=_has_rows),
    "another factor for every unit": Mistake(steps=changed("w", 0, _by_unit), needs=_has_rows),
    "L1 term": Mistake(steps={"finish": _l1}),
}
