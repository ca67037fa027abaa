"""Mistakes that have no name: they must be found, and must not be explained."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.selftest.backward import Forward
from compare.selftest.mistakes.mistake import (
    Mistake,
    changed_gradient,
    has_activation,
    has_hidden,
    in_layer,
    is_curved,
)


def _everywhere(change: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
    """Changes every gradient in the same way, at the end."""

    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        for grads in (deltas, dws):
            grads[:] = [change(g) for g in grads]

    return {"finish": finish}


def _clipped(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    norm = np.sqrt(sum((g**2).sum() for g in (*deltas, *dws)))
    _everywhere(lambda g: g * min(1.0, 0.1 / norm))["finish"](f, deltas, dws)


def _first_entry_times(factor: float) -> Callable[[Forward, np.ndarray], np.ndarray]:
    def change(f: Forward, dw: np.ndarray) -> np.ndarray:
        dw = dw.copy()
        dw[:, 0, 0] *= np.asarray(factor, dw.dtype)
        return dw

    return change


def _in_bfloat16(f: Forward, values: np.ndarray) -> np.ndarray:
    bits = values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(values.dtype)


def _last_unit_dropped(f: Forward, i: int) -> np.ndarray:
    w = f.w(i).copy()
    w[-1] = 0
    return w


def _exact_gelu_slope(z: np.ndarray) -> np.ndarray:
    cdf = 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))
    return (cdf + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)).astype(z.dtype)


UNNAMED = {
    "rows of dw shifted": Mistake(
        changed_gradient("w", 1, lambda f, dw: np.roll(dw, 1, axis=1)),
        needs=lambda f: f.h[0].shape[1] > 1,
    ),
    "rows of dw reversed": Mistake(
        changed_gradient("w", 0, lambda f, dw: dw[:, ::-1]), needs=lambda f: f.h[-1].shape[1] > 1
    ),
    "a unit dropped": Mistake(
        {"weights": in_layer(0, _last_unit_dropped, lambda f, i: f.w(i))},
        needs=lambda f: has_hidden(f) and f.h[-1].shape[1] > 1,
    ),
    "gradients accumulate over samples": Mistake(_everywhere(lambda g: np.cumsum(g, axis=0))),
    "batch mean for every sample": Mistake(
        _everywhere(lambda g: np.broadcast_to(g.mean(axis=0), g.shape))
    ),
    "samples shifted by one": Mistake(_everywhere(lambda g: np.roll(g, 1, axis=0))),
    "clipped to a norm": Mistake({"finish": _clipped}),
    "weight decay": Mistake(
        changed_gradient("w", 1, lambda f, dw: dw + np.asarray(0.01, dw.dtype) * f.w(1))
    ),
    "delta in bfloat16": Mistake(changed_gradient("b", 0, _in_bfloat16)),
    "dw in bfloat16": Mistake(changed_gradient("w", 1, _in_bfloat16)),
    "|delta|": Mistake(  # if it had one sign everywhere, it would be a sign mistake
        {"output": lambda f: np.abs(2 * f.residual)},
        needs=lambda f: bool((f.residual > 0).any() and (f.residual < 0).any()),
    ),
    "1 % too large": Mistake({"output": lambda f: np.asarray(2.02, f.residual.dtype) * f.residual}),
    "a constant is added": Mistake(
        changed_gradient("b", 1, lambda f, db: db + np.asarray(1e-3, db.dtype))
    ),
    "leaky relu": Mistake(
        {"slope": lambda f, i: np.where(f.z[i - 1] > 0, 1, 0.01).astype(f.z[0].dtype)},
        needs=has_activation("relu"),
    ),
    "phi' kept above 0.2": Mistake(
        {"slope": lambda f, i: np.maximum(f.slope(i), 0.2).astype(f.z[0].dtype)}, needs=is_curved
    ),
    "exact gelu for the tanh form": Mistake(
        {"slope": lambda f, i: _exact_gelu_slope(f.z[i - 1])}, needs=has_activation("gelu")
    ),
    "one entry 1 % off": Mistake(changed_gradient("w", 1, _first_entry_times(1.01))),
    "one entry 128 ulp off": Mistake(changed_gradient("w", 1, _first_entry_times(1 + 2.0**-16))),
}
