"""What is tried of a primitive: how JAX, NumPy and torch compute it, and what is true.

A function takes two arrays, of which the first is a product that has been rounded.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import torch

Array = Any
Binary = Callable[[Array, Array], Array]


class Primitive(NamedTuple):
    """One primitive, in every library that has it."""

    by_jax: Binary
    truth: Binary  # of long doubles
    by_numpy: Binary | None = None
    by_torch: Binary | None = None
    exactly: Callable[[Any, Any], Any] | None = None  # for float64, of mpmath numbers
    span: tuple[float, float] | None = None  # of arguments to try more of, in units of log(max)
    places: tuple[float, ...] = ()  # near which to try more
    pairs: Callable[[np.random.Generator, int, Any], tuple[Array, Array]] | None = None  # likewise
    shape: tuple[int, ...] = (-1,)  # of both arrays
    numbers: int = 1  # of an array, for each one of the result


def everywhere(function: Callable[..., Array], **more: Any) -> Primitive:
    """Makes the primitive that all libraries have under one name: f(namespace, a, b)."""
    by = {xp: functools.partial(function, xp) for xp in (jnp, np, torch)}
    return Primitive(by[jnp], by[np], by_numpy=by[np], by_torch=by[torch], **more)


def chosen(condition: Callable[..., Array]) -> Primitive:
    """Makes 7 where a condition holds, and elsewhere 5."""
    return everywhere(lambda xp, a, b: xp.where(condition(xp, a, b), 7.0, 5.0))


def moved(by_jax: Callable[[Array], Array], truth: Callable[[Array], Array]) -> Primitive:
    """Makes a primitive of one array, of blocks of 2 by 3 by 4 numbers, that only JAX has."""
    return Primitive(lambda a, b: by_jax(a), lambda a, b: truth(a), shape=(-1, 2, 3, 4), numbers=2)
