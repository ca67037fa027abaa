"""Causal attention of one head: q, k and v [t, d]."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.kernel_mistakes.kernel import Arrays, Kernel


class _Kept(NamedTuple):
    q: Any
    k: Any
    v: Any
    p: Any  # the weights, [t, t]
    out: Any


def _open(t: int, to: int = 0) -> Any:
    return jnp.tril(jnp.ones((t, t), bool), to)


class _Steps(NamedTuple):
    scale: Callable[[int], float] = lambda d: 1 / math.sqrt(d)
    mask: Callable[[int], Any] = _open
    exp: Callable[[Any], Any] = jnp.exp
    delta: Callable[[Any, Any], Any] = lambda dy, out: (dy * out).sum(axis=-1, keepdims=True)
    gradients: Callable[[float, Arrays], Arrays] = lambda scale, gradients: gradients


def _forward(steps: _Steps, q: Any, k: Any, v: Any) -> tuple[Any, _Kept]:
    t, d = q.shape
    s = jnp.where(steps.mask(t), q @ k.T * steps.scale(d), -jnp.inf)
    e = steps.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v, _Kept(q, k, v, p, p @ v)


def _backward(steps: _Steps, kept: _Kept, dy: Any) -> Arrays:
    q, k, v, p, out = kept
    scale = steps.scale(q.shape[1])
    ds = p * (dy @ v.T - steps.delta(dy, out))
    return steps.gradients(scale, (ds @ k * scale, ds.T @ q * scale, p.T @ dy))


def _reference(q: Any, k: Any, v: Any) -> Any:
    s = q @ k.T / math.sqrt(q.shape[1])
    return jax.nn.softmax(jnp.where(_open(len(q)), s, -jnp.inf), axis=-1) @ v


def _draw(rng: np.random.Generator, t: int, d: int) -> Arrays:
    return tuple(rng.normal(size=(t, d)) for _ in range(3))


def _one_pair_more(t: int) -> Any:
    return _open(t).at[t // 2 - 1, t // 2].set(True)


def _last_term_too_small(dy: Any, out: Any) -> Any:
    half, terms = len(dy) // 2, dy * out
    return terms.at[half:, -1].multiply(0.999).sum(axis=-1, keepdims=True)


def _times_dv(factor: float) -> _Steps:
    return _Steps(gradients=lambda scale, g: (g[0], g[1], g[2] * factor))


ATTENTION = Kernel(
    _reference,
    _forward,
    _backward,
    wrt=(0, 1, 2),
    draw=_draw,
    sizes=(128, 64),
    small=(5, 4),
    right=_Steps(),
    mistakes={
        "scale 1 / sqrt(d + 1)": _Steps(scale=lambda d: 1 / math.sqrt(d + 1)),
        "no scale": _Steps(scale=lambda d: 1.0),
        "mask off by one": _Steps(mask=lambda t: _open(t, 1)),
        "one pair more in the mask": _Steps(mask=_one_pair_more),
        "log2(e) is 1.4427": _Steps(exp=lambda s: jnp.exp2(s * 1.4427)),
        "backward: no delta": _Steps(delta=lambda dy, out: 0),
        "backward: a term of delta 0.1 % too small": _Steps(delta=_last_term_too_small),
        "backward: dk without scale": _Steps(gradients=lambda scale, g: (g[0], g[1] / scale, g[2])),
        "backward: dv 1e-4 too large": _times_dv(1 + 1e-4),
        "backward: dv 1e-5 too large": _times_dv(1 + 1e-5),
    },
)
