"""Layer norm over the last axis of x [n, d], with a gain and a bias [d]."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.kernel_mistakes.kernel import Arrays, Kernel

_EPS = 1e-5


class _Kept(NamedTuple):
    centred: Any
    scale: Any  # [n, 1], 1 / the standard deviation
    normed: Any
    gain: Any


def _mean(x: Any) -> Any:
    return jnp.mean(x, axis=-1, keepdims=True)


class _Steps(NamedTuple):
    variance: Callable[[Any], Any] = lambda centred: _mean(centred * centred)
    scale: Callable[[Any], Any] = lambda variance: lax.rsqrt(variance + _EPS)
    means: Callable[[Any, Any], Arrays] = lambda dy, normed: (_mean(dy), _mean(dy * normed))
    dx: Callable[[Any], Any] = lambda dx: dx
    seen_by_gain: Callable[[_Kept], Any] = lambda kept: kept.normed
    rows_of_bias: Callable[[Any], Any] = lambda dy: dy


def _forward(steps: _Steps, x: Any, gain: Any, bias: Any) -> tuple[Any, _Kept]:
    centred = x - _mean(x)
    scale = steps.scale(steps.variance(centred))
    normed = centred * scale
    return normed * gain[None] + bias[None], _Kept(centred, scale, normed, gain)


def _backward(steps: _Steps, kept: _Kept, dy: Any) -> Arrays:
    dnormed = dy * kept.gain[None]
    of_mean, of_scale = steps.means(dnormed, kept.normed)
    dx = kept.scale * (dnormed - of_mean - kept.normed * of_scale)
    dgain = (dy * steps.seen_by_gain(kept)).sum(axis=0)
    return steps.dx(dx), dgain, steps.rows_of_bias(dy).sum(axis=0)


def _reference(x: Any, gain: Any, bias: Any) -> Any:
    variance = jnp.var(x, axis=-1, keepdims=True)
    normed = (x - jnp.mean(x, axis=-1, keepdims=True)) * lax.rsqrt(variance + _EPS)
    return normed * gain[None] + bias[None]


def _draw(rng: np.random.Generator, n: int, d: int) -> Arrays:
    return 0.5 + rng.normal(size=(n, d)), 1 + 0.1 * rng.normal(size=d), rng.normal(size=d)


def _unbiased(centred: Any) -> Any:
    return (centred * centred).sum(axis=-1, keepdims=True) / (centred.shape[-1] - 1)


def _over_one_less(dy: Any, normed: Any) -> Arrays:
    n = dy.shape[-1]
    return _mean(dy) * n / (n - 1), _mean(dy * normed) * n / (n - 1)


LAYER_NORM = Kernel(
    _reference,
    _forward,
    _backward,
    wrt=(0, 1, 2),
    draw=_draw,
    sizes=(32, 256),
    small=(3, 6),
    right=_Steps(),
    mistakes={
        "eps 1e-6": _Steps(scale=lambda v: lax.rsqrt(v + 1e-6)),
        "eps 1.1e-5": _Steps(scale=lambda v: lax.rsqrt(v + 1.1e-5)),
        "eps 0": _Steps(scale=lax.rsqrt),
        "eps outside the root": _Steps(scale=lambda v: 1 / (jnp.sqrt(v) + _EPS)),
        "unbiased variance": _Steps(variance=_unbiased),
        "backward: no mean of dy": _Steps(means=lambda dy, normed: (0, _mean(dy * normed))),
        "backward: scale held fixed": _Steps(means=lambda dy, normed: (_mean(dy), 0)),
        "backward: means over d - 1": _Steps(means=_over_one_less),
        "backward: dx 1e-4 too large": _Steps(dx=lambda dx: dx * (1 + 1e-4)),
        "backward: dx 1e-5 too large": _Steps(dx=lambda dx: dx * (1 + 1e-5)),
        "backward: a row from its neighbour": _Steps(dx=lambda dx: dx.at[-1].set(dx[-2])),
        "backward: gain sees centred x": _Steps(seen_by_gain=lambda kept: kept.centred),
        "backward: bias misses the last row": _Steps(rows_of_bias=lambda dy: dy[:-1]),
    },
)
