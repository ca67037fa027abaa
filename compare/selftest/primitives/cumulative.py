"""Sums, products, extremes and truths of rows of eight: of the first k of them, or of all."""

import functools

import numpy as np
import torch
from jax import lax

from compare.selftest.primitives.base import Array, Primitive, chosen, everywhere

_rows = functools.partial(Primitive, shape=(-1, 8))


def _turned(a: Array) -> Array:
    return np.flip(a, 1)


def _true(name: str) -> Primitive:
    """Makes what holds of all, or of any, comparisons in a row."""
    condition = chosen(lambda xp, a, b: getattr(xp, name)(a > b, 1))
    return condition._replace(shape=(-1, 8), numbers=8)


def _odd(a: Array, b: Array) -> Array:
    return np.where(np.logical_xor.reduce(a > b, 1), 7.0, 5.0)


CUMULATIVE: dict[str, Primitive] = {
    "cumsum": everywhere(lambda xp, a, b: xp.cumsum(a, 1), shape=(-1, 8)),
    "cumsum, reversed": _rows(
        lambda a, b: lax.cumsum(a, 1, reverse=True),
        lambda a, b: _turned(np.cumsum(_turned(a), 1)),
    ),
    "cumprod": everywhere(lambda xp, a, b: xp.cumprod(a, 1), shape=(-1, 8)),
    "cummax": _rows(
        lambda a, b: lax.cummax(a, 1),
        lambda a, b: np.maximum.accumulate(a, 1),
        by_torch=lambda a, b: torch.cummax(a, 1).values,
    ),
    "cummin": _rows(
        lambda a, b: lax.cummin(a, 1, reverse=True),
        lambda a, b: _turned(np.minimum.accumulate(_turned(a), 1)),
    ),
    "cumlogsumexp": _rows(
        lambda a, b: lax.cumlogsumexp(a, 1),
        lambda a, b: np.logaddexp.accumulate(a, 1),
        by_numpy=lambda a, b: np.logaddexp.accumulate(a, 1),
        by_torch=lambda a, b: torch.logcumsumexp(a, 1),
    ),
    "reduce_prod": everywhere(lambda xp, a, b: xp.prod(a, 1), shape=(-1, 8), numbers=8)._replace(
        by_jax=lambda a, b: lax.reduce_prod(a, (1,))
    ),  # jnp's takes float16 to float32
    "reduce_min": everywhere(
        lambda xp, a, b: (torch.amin if xp is torch else xp.min)(a, 1), shape=(-1, 8), numbers=8
    ),
    "reduce_and": _true("all"),
    "reduce_or": _true("any"),
    "reduce_xor": _rows(
        lambda a, b: lax.select(lax.reduce_xor(a > b, (1,)), 7 + 0 * a[:, 0], 5 + 0 * a[:, 0]),
        _odd,
        numbers=8,
    ),
}
