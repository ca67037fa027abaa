"""Calls of operations of ATen, and the arrays that they are made of."""

from typing import Any, NamedTuple

import numpy as np

_rng = np.random.default_rng(0)


class Case(NamedTuple):
    """A call of an overload. Arrays of float64 stand for those of any dtype."""

    overload: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    constant: tuple[int, ...] = ()  # arguments that torch takes no gradient of


def x(*shape):
    return _rng.normal(size=shape)


def above(*shape):
    """Returns positive numbers."""
    return np.abs(x(*shape)) + 0.3


def within(*shape):
    """Returns numbers between -1 and 1."""
    return _rng.uniform(-0.9, 0.9, size=shape)


def whole(n, *shape):
    """Returns integers below n."""
    return _rng.integers(n, size=shape)


def at(*numbers):
    return np.array(numbers, float)


def case(overload, *args, constant=(), **kwargs):
    name = overload if "." in overload or overload == "getitem" else overload + ".default"
    return Case(name, args, kwargs, constant)


def each(overloads, *args, **kwargs):
    return [case(overload, *args, **kwargs) for overload in overloads.split()]


KINKS = at(-2, -1, -0.5, 0, 0.5, 1, 2)
TIES = at(1, 2, 2, 1, 2, 0).reshape(2, 3)
MASK = np.array([[True, False, True], [False, True, True]])
NAN, INF = float("nan"), float("inf")
