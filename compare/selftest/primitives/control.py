"""Loops and branches of a step or two."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from compare.selftest.primitives.base import Array, Primitive


def _two_steps(a: Array, b: Array) -> Array:
    return (a / 2 + b) / 2 + a


def _scanned(a: Array, b: Array) -> Array:
    return lax.scan(lambda c, x: (c / 2 + x, None), a, jnp.concatenate([b[None], a[None]]))[0]


def _repeated(a: Array, b: Array) -> Array:
    def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        i, c, x = state
        return i + 1, c / 2 + x, a

    return lax.while_loop(lambda state: state[0] < 2, step, (0, a, b))[1]


def _branched(a: Array, b: Array) -> Array:
    middle = a.shape[0] // 2
    return a + b if a[middle] > b[middle] else a / 2 - b


def _branched_by_jax(a: Array, b: Array) -> Array:
    middle = a.shape[0] // 2
    return lax.cond(a[middle] > b[middle], lambda a, b: a + b, lambda a, b: a / 2 - b, a, b)


def _steps(by_jax: Any) -> Primitive:
    return Primitive(by_jax, _two_steps, by_numpy=_two_steps, by_torch=_two_steps)


CONTROL: dict[str, Primitive] = {
    "scan": _steps(_scanned),
    "while": _steps(_repeated),
    "cond": Primitive(
        _branched_by_jax,
        _branched,
        by_numpy=_branched,
        by_torch=_branched,
    ),
    "platform_index": Primitive(
        lambda a, b: lax.platform_dependent(a, b, cpu=jnp.add, default=jnp.subtract),
        lambda a, b: a + b,
        by_numpy=lambda a, b: a + b,
        by_torch=lambda a, b: a + b,
    ),
}
