"""What depends on the order of numbers: sorting, and the largest and smallest of them."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from compare.selftest.composed.roundings import Array


def _sorted(eqn: Any, *operands: Array) -> list[Array]:
    axis, n_keys = eqn.params["dimension"], eqn.params["num_keys"]
    keys = [np.where(one == 0, abs(one), one) for one in operands[:n_keys]]
    lines = [np.moveaxis(one, axis, -1) for one in keys]
    order = np.lexsort(lines[::-1], axis=-1)
    found = (np.take_along_axis(np.moveaxis(one, axis, -1), order, -1) for one in operands)
    return [np.moveaxis(one, -1, axis) for one in found]


def _top(eqn: Any, a: Array) -> list[Array]:
    order = np.argsort(-a, axis=-1, kind="stable")
    order = np.where(np.isnan(a).any(-1, keepdims=True), _nan_first(a), order)
    order = order[..., : eqn.params["k"]]
    return [np.take_along_axis(a, order, -1), order.astype(eqn.outvars[1].aval.dtype)]


def _nan_first(a: Array) -> Array:
    return np.argsort(np.where(np.isnan(a), -np.inf, -a), axis=-1, kind="stable")


def _argument(function: Callable[..., Array]) -> Callable[..., list[Array]]:
    def rule(eqn: Any, a: Array) -> list[Array]:
        (axis,) = eqn.params["axes"]
        return [function(a, axis).astype(eqn.outvars[0].aval.dtype)]

    return rule


def _reduced(function: Callable[..., Array]) -> Callable[..., list[Array]]:
    return lambda eqn, a: [function(a, axis=tuple(eqn.params["axes"]))]


def _accumulated(function: Any) -> Callable[..., list[Array]]:
    def rule(eqn: Any, a: Array) -> list[Array]:
        axis, reverse = eqn.params["axis"], eqn.params["reverse"]
        if reverse:
            return [np.flip(function.accumulate(np.flip(a, axis), axis), axis)]
        return [function.accumulate(a, axis)]

    return rule


ORDERING: MappingProxyType[str, Callable[..., list[Array]]] = MappingProxyType(
    {
        "sort": _sorted,
        "top_k": _top,
        "argmax": _argument(np.argmax),
        "argmin": _argument(np.argmin),
        "reduce_max": _reduced(np.max),
        "reduce_min": _reduced(np.min),
        "cummax": _accumulated(np.maximum),
        "cummin": _accumulated(np.minimum),
    }
)
