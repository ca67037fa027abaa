"""Mistakes to plant, by name.

About a third of them have no name in `evidence.diagnosis`, with which this table shares no code:
those must be found, and must not be explained.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.selftest.planted import Forward, Step


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One way to go wrong.

    `named` lists words one of which the right explanation must have; it is empty for a mistake
    that has no name and must not be given one. `gross` mistakes are wrong in every entry they
    touch, the others change single bits or entries.
    """

    changes: Mapping[str, Any]
    named: tuple[str, ...] = ()
    needs: Callable[[Forward], bool] = lambda f: True
    gross: bool = True


def _hidden(f: Forward) -> bool:
    return f.depth > 1


def _deep(f: Forward) -> bool:
    """Two hidden layers of one width, so that one can stand in place of the other."""
    return f.depth > 2 and f.z[0].shape == f.z[1].shape and f.z[0].shape[1] > 1


def _square(f: Forward) -> bool:
    return _deep(f)


def _is(*names: str) -> Callable[[Forward], bool]:
    return lambda f: _hidden(f) and f.activation in names


def _curved(f: Forward) -> bool:
    return _hidden(f) and f.activation not in ("identity", "relu")


def _only(layer: int, wrong: Step, right: Step) -> Step:
    """A step that goes wrong in one layer, counted from 1, or backwards from 0, the last."""
    return lambda f, i: (
        wrong(f, i) if i == (layer if layer > 0 else f.depth + layer) else right(f, i)
    )


def _slope(f: Forward, i: int) -> np.ndarray:
    return f.slope(i)


def _ones(f: Forward, i: int) -> np.ndarray:
    return np.ones_like(f.z[i - 1])


def _weights(f: Forward, i: int) -> np.ndarray:
    return f.w(i)


def _acts(f: Forward, i: int) -> np.ndarray:
    return f.h[i - 1]


def _spoil(change: Callable[[Forward, list[np.ndarray], list[np.ndarray]], None]) -> dict[str, Any]:
    return {"finish": change}


def _set(which: str, layer: int, value: Callable[[Forward, np.ndarray], Any]) -> dict[str, Any]:
    """Replaces the deltas ('b') or the weight gradients ('w') of one layer after the walk."""

    def change(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        place = layer - 1 if layer > 0 else f.depth + layer
        grads = dws if which == "w" else deltas
        grads[place] = value(f, grads[place])

    return _spoil(change)


def _one_entry(factor: float) -> Callable[[Forward, np.ndarray], np.ndarray]:
    def change(f: Forward, dw: np.ndarray) -> np.ndarray:
        dw = dw.copy()
        dw[:, 0, 0] *= np.asarray(factor, dw.dtype)
        return dw

    return change


def _bfloat16(f: Forward, values: np.ndarray) -> np.ndarray:
    bits = values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(values.dtype)


def _clipped(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    norm = np.sqrt(sum((g**2).sum() for g in (*deltas, *dws)))
    for grads in (deltas, dws):
        grads[:] = [g * min(1.0, 0.1 / norm) for g in grads]


def _accumulated(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    for grads in (deltas, dws):
        grads[:] = [np.cumsum(g, axis=0) for g in grads]


def _averaged(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    for grads in (deltas, dws):
        grads[:] = [np.broadcast_to(g.mean(axis=0), g.shape) for g in grads]


def _shuffled(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
    for grads in (deltas, dws):
        grads[:] = [np.roll(g, 1, axis=0) for g in grads]


def _dropped_unit(f: Forward, i: int) -> np.ndarray:
    w = f.w(i).copy()
    w[-1] = 0
    return w


MISTAKES: MappingProxyType[str, Mistake] = MappingProxyType(
    {
        # the output
        "factor 2 missing": Mistake({"output": lambda f: f.residual}, ("factor 2",)),
        "sign of the output": Mistake({"output": lambda f: -2 * f.residual}, ("negative",)),
        "sign and factor 2": Mistake({"output": lambda f: -f.residual}, ("negative of half",)),
        "factor 2 twice": Mistake({"output": lambda f: 4 * f.residual}, ("twice",)),
        "mean over outputs": Mistake(
            {"output": lambda f: 2 * f.residual / f.residual.shape[1]},
            ("mean", "factor 2"),
            lambda f: f.residual.shape[1] > 1,
        ),
        "mean over samples": Mistake(
            {"output": lambda f: 2 * f.residual / len(f.residual)}, ("samples",)
        ),
        "y left out": Mistake({"output": lambda f: 2 * f.z[-1]}, ("y is left out",)),
        "absolute loss": Mistake({"output": lambda f: np.sign(f.residual)}, ("|yhat - y|",)),
        "phi' on the output": Mistake(
            {"output": lambda f: 2 * f.residual * f.phi_slope(f.z[-1])},
            ("differentiated like",),
            lambda f: f.activation not in ("identity", "relu"),
        ),
        "phi on the output": Mistake(
            {"output": lambda f: 2 * (f.phi(f.z[-1]) - f.batch.y)},
            ("through the activation",),
            lambda f: f.activation not in ("identity", "relu"),
        ),
        # phi'
        "phi' missing in the last hidden layer": Mistake(
            {"slope": _only(-1, _ones, _slope)}, ("phi' is left out",), _curved
        ),
        "phi' missing in the first layer": Mistake(
            {"slope": _only(1, _ones, _slope)}, ("phi' is left out",), _curved
        ),
        "phi' missing everywhere": Mistake({"slope": _ones}, ("phi' is left out",), _curved),
        "phi' at h": Mistake(
            {"slope": lambda f, i: f.phi_slope(f.h[i])}, ("at h instead of z",), _curved
        ),
        "phi for phi'": Mistake({"slope": lambda f, i: f.h[i]}, ("phi stands in",), _curved),
        "phi' twice": Mistake({"slope": lambda f, i: f.slope(i) ** 2}, ("applied twice",), _curved),
        "sigmoid: z (1 - z)": Mistake(
            {"slope": lambda f, i: f.z[i - 1] * (1 - f.z[i - 1])},
            ("h (1 - h) is written with z",),
            _is("sigmoid"),
        ),
        "tanh: 1 - z^2": Mistake(
            {"slope": lambda f, i: 1 - f.z[i - 1] ** 2}, ("1 - h^2 is written with z",), _is("tanh")
        ),
        "sigmoid's formula for others": Mistake(
            {"slope": lambda f, i: f.h[i] * (1 - f.h[i])},
            ("h (1 - h) is written in place",),
            _is("tanh", "softplus", "silu", "gelu"),
        ),
        "tanh's formula for others": Mistake(
            {"slope": lambda f, i: 1 - f.h[i] ** 2},
            ("1 - h^2 is written in place",),
            _is("sigmoid", "softplus", "silu", "gelu"),
        ),
        "relu's mask for softplus": Mistake(
            {"slope": lambda f, i: (f.z[i - 1] > 0).astype(f.z[0].dtype)},
            ("a step at 0",),
            _is("softplus"),
        ),
        "phi' of the neighbouring layer": Mistake(
            {"slope": _only(1, lambda f, i: f.slope(2), _slope)},
            ("phi' is taken at z2",),
            lambda f: _deep(f) and _curved(f),
        ),
        # w
        "w transposed": Mistake(
            {"weights": _only(2, lambda f, i: f.w(i).T, _weights)}, ("transposed",), _square
        ),
        "w left out": Mistake(
            {"weights": _only(2, lambda f, i: np.eye(len(f.w(i)), dtype=f.w(i).dtype), _weights)},
            ("w2 is left out",),
            _square,
        ),
        "w of another layer": Mistake(
            {"weights": _only(2, lambda f, i: f.w(3), _weights)},
            ("w3 stands in place",),
            lambda f: f.depth > 3 and f.w(2).shape == f.w(3).shape and f.w(2).size > 1,
        ),
        "|w|": Mistake(
            {"weights": _only(0, lambda f, i: np.abs(f.w(i)), _weights)}, ("|w",), _hidden
        ),
        # dL/dw and dL/db
        "dw transposed": Mistake(
            _set("w", 2, lambda f, dw: np.swapaxes(dw, 1, 2)), ("transposed",), _square
        ),
        "z for h in dw": Mistake(
            {"acts": lambda f, i: f.z[i - 2] if i > 1 else f.h[0]},
            ("z1 stands in", "stands in place of h"),
            lambda f: _hidden(f) and f.activation != "identity",
        ),
        "x left out": Mistake(
            {"acts": _only(1, lambda f, i: np.ones_like(f.h[0]), _acts)}, ("x is left out",)
        ),
        "h of another layer in dw": Mistake(
            {"acts": _only(2, lambda f, i: f.h[2], _acts)}, ("h2 stands in place of h1",), _deep
        ),
        "delta of another layer in dw": Mistake(
            _spoil(
                lambda f, deltas, dws: dws.__setitem__(
                    0, f.h[0][:, :, None] * deltas[1][:, None, :]
                )
            ),
            ("delta2 stands in place",),
            _deep,
        ),
        "dw negated": Mistake(_set("w", 1, lambda f, dw: -dw), ("negative",)),
        "dw halved": Mistake(_set("w", -1, lambda f, dw: dw / 2), ("half",)),
        "dw detached": Mistake(_set("w", 1, lambda f, dw: 0 * dw), ("is 0",)),
        "db detached": Mistake(_set("b", 1, lambda f, db: 0 * db), ("is 0",)),
        "db doubled": Mistake(_set("b", -1, lambda f, db: 2 * db), ("twice",)),
        "db negated": Mistake(_set("b", 1, lambda f, db: -db), ("negative",)),
        "first layer negated": Mistake(
            _spoil(lambda f, d, w: (d.__setitem__(0, -d[0]), w.__setitem__(0, -w[0]))[0]),
            ("negative",),
        ),
        # mistakes without a name
        "rows of dw shifted": Mistake(
            _set("w", 1, lambda f, dw: np.roll(dw, 1, axis=1)), needs=lambda f: f.h[0].shape[1] > 1
        ),
        "rows of dw reversed": Mistake(
            _set("w", -1, lambda f, dw: dw[:, ::-1]), needs=lambda f: f.h[-1].shape[1] > 1
        ),
        "a unit dropped": Mistake(
            {"weights": _only(0, _dropped_unit, _weights)},
            needs=lambda f: _hidden(f) and f.h[-1].shape[1] > 1,
        ),
        "gradients accumulate over samples": Mistake(_spoil(_accumulated)),
        "batch mean for every sample": Mistake(_spoil(_averaged)),
        "samples shifted by one": Mistake(_spoil(_shuffled)),
        "clipped to a norm": Mistake(_spoil(_clipped)),
        "weight decay": Mistake(
            _set("w", 1, lambda f, dw: dw + np.asarray(0.01, dw.dtype) * f.w(1))
        ),
        "delta in bfloat16": Mistake(_set("b", -1, _bfloat16)),
        "dw in bfloat16": Mistake(_set("w", 1, _bfloat16)),
        "|delta|": Mistake(  # of one sign everywhere it would be a sign mistake
            {"output": lambda f: np.abs(2 * f.residual)},
            needs=lambda f: bool((f.residual > 0).any() and (f.residual < 0).any()),
        ),
        "1 % too large": Mistake(
            {"output": lambda f: np.asarray(2.02, f.residual.dtype) * f.residual}
        ),
        "a constant is added": Mistake(_set("b", 1, lambda f, db: db + np.asarray(1e-3, db.dtype))),
        "leaky relu": Mistake(
            {"slope": lambda f, i: np.where(f.z[i - 1] > 0, 1, 0.01).astype(f.z[0].dtype)},
            needs=_is("relu"),
        ),
        "phi' kept above 0.2": Mistake(
            {"slope": lambda f, i: np.maximum(f.slope(i), 0.2).astype(f.z[0].dtype)}, needs=_curved
        ),
        "exact gelu for the tanh form": Mistake(
            {"slope": lambda f, i: _exact_gelu_slope(f.z[i - 1])}, needs=_is("gelu")
        ),
        "one entry 1 % off": Mistake(_set("w", 1, _one_entry(1.01)), gross=False),
        "one entry 128 ulp off": Mistake(_set("w", 1, _one_entry(1 + 2.0**-16)), gross=False),
    }
)


def _exact_gelu_slope(z: np.ndarray) -> np.ndarray:
    cdf = 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))
    return (cdf + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)).astype(z.dtype)
