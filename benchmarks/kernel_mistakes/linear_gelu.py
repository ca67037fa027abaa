"""A linear layer with its gelu: x [n, d], w [m, d] and b [m]."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf

from benchmarks.kernel_mistakes.kernel import Arrays, Kernel

_ROOT = math.sqrt(2)
_DENSITY = 1 / math.sqrt(2 * math.pi)  # of a normal number at 0


class _Kept(NamedTuple):
    x: Any
    w: Any
    b: Any
    z: Any  # x w' + b


def _cdf(z: Any) -> Any:
    return (1 + erf(z / _ROOT)) / 2


class _Steps(NamedTuple):
    gelu: Callable[[Any], Any] = lambda z: z * _cdf(z)
    z_of_backward: Callable[[_Kept], Any] = lambda kept: kept.z
    density: float = _DENSITY
    dx: Callable[[Any], Any] = lambda dx: dx


def _forward(steps: _Steps, x: Any, w: Any, b: Any) -> tuple[Any, _Kept]:
    z = x @ w.T + b[None]
    return steps.gelu(z), _Kept(x, w, b, z)


def _backward(steps: _Steps, kept: _Kept, dy: Any) -> Arrays:
    z = steps.z_of_backward(kept)
    dz = dy * (_cdf(z) + z * steps.density * jnp.exp(-z * z / 2))
    return steps.dx(dz @ kept.w), dz.T @ kept.x, dz.sum(axis=0)


def _reference(x: Any, w: Any, b: Any) -> Any:
    return jax.nn.gelu(x @ w.T + b[None], approximate=False)


def _draw(rng: np.random.Generator, n: int, d: int, m: int) -> Arrays:
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) / math.sqrt(d), rng.normal(size=m)


def _polynomial_gelu(z: Any) -> Any:
    """Abramowitz and Stegun, 7.1.26, off by up to 1.5e-7 in float64."""
    a = jnp.abs(z) / _ROOT
    t = 1 / (1 + 0.3275911 * a)
    factors = 0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429
    total = sum(factor * t**i for i, factor in enumerate(factors, start=1))
    return z * (1 + jnp.sign(z) * (1 - total * jnp.exp(-a * a))) / 2


LINEAR_GELU = Kernel(
    _reference,
    _forward,
    _backward,
    wrt=(0, 1, 2),
    draw=_draw,
    sizes=(32, 128, 256),
    small=(2, 3, 4),
    right=_Steps(),
    mistakes={
        "gelu by tanh": _Steps(gelu=lambda z: jax.nn.gelu(z, approximate=True)),
        "gelu by sigmoid": _Steps(gelu=lambda z: z * jax.nn.sigmoid(1.702 * z)),
        "erf by a polynomial": _Steps(gelu=_polynomial_gelu),
        "backward: 1 / sqrt(2 pi) is 0.3989": _Steps(density=0.3989),
        "backward: 1 / sqrt(2 pi) is 0.39894": _Steps(density=0.39894),
        "backward: z without its bias": _Steps(z_of_backward=lambda kept: kept.z - kept.b[None]),
        "backward: dx 1e-5 too large": _Steps(dx=lambda dx: dx * (1 + 1e-5)),
    },
)
