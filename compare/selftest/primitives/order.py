"""Sorting, and the places of the largest entries, in rows of eight."""

import functools
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import torch
from jax import lax

from compare.selftest.primitives.base import Array, Primitive, everywhere

_rows = functools.partial(Primitive, shape=(-1, 8))
_K = 3  # the first so many


def _ranked(by_jax: Callable[[Array, Array], Array], number: int) -> Primitive:
    """Makes what is sorted by the first array: that array, or the second, or the places."""

    def truth(a: Array, b: Array) -> Array:
        order = np.argsort(a, -1, kind="stable")
        moved = (a, b, np.broadcast_to(np.arange(8), a.shape))[number]
        return np.take_along_axis(moved, order, -1)

    return _rows(by_jax, truth)


def _first(a: Array, b: Array) -> Array:
    return -np.sort(-a, -1)[:, :_K]


def _place(name: str) -> Primitive:
    """Makes the place of an extreme; of NaN any place will do."""
    return everywhere(lambda xp, a, b: getattr(xp, name)(a, -1), shape=(-1, 8), numbers=8)


ORDER: dict[str, Primitive] = {
    "sort": _rows(
        lambda a, b: jnp.sort(a),
        lambda a, b: np.sort(a),
        by_numpy=lambda a, b: np.sort(a),
        by_torch=lambda a, b: torch.sort(a).values,
    ),
    "sort, moved along": _ranked(lambda a, b: lax.sort((a, b), num_keys=1)[1], 1),
    "sort, places": _ranked(lambda a, b: jnp.argsort(a), 2),
    "sort, by two keys": _rows(
        lambda a, b: lax.sort((jnp.sign(a), b), num_keys=2)[1],
        lambda a, b: np.take_along_axis(b, np.lexsort((b, np.sign(a))), -1),
    ),
    "top_k": _rows(
        lambda a, b: lax.top_k(a, _K)[0],
        _first,
        by_numpy=_first,
        by_torch=lambda a, b: torch.topk(a, _K).values,
        numbers=3,
    ),
    "top_k, places": _rows(
        lambda a, b: lax.top_k(a, _K)[1],
        lambda a, b: np.argsort(-a, -1, kind="stable")[:, :_K],
        numbers=3,
    ),
    "argmax": _place("argmax"),
    "argmin": _place("argmin"),
}
