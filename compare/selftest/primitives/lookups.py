"""Numbers that are looked up, and written to places, in rows of 8."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.selftest.primitives.base import Array, Primitive


def _places(a: Array, b: Array) -> Array:
    """Returns numbers from 0 to 4, some of which rounding may change."""
    xp = jnp if isinstance(a, jnp.ndarray) else np
    return xp.where(a[:, :1] > b[:, :1], 3, 0) + xp.where(b > 0, 1, 0)


def looked_up(**more: Any) -> Primitive:
    """Makes a lookup in every row, of places of which some are outside if there is a mode."""
    factor = 3 if more else 1
    filled = {"fill": more.get("fill_value")}.get(more.get("mode", ""))

    def truth(a: Array, b: Array) -> Array:
        places = factor * _places(a, b)
        found = np.take_along_axis(a, np.minimum(places, 7), 1)
        return found if filled is None else np.where(places < 8, found, filled)

    return Primitive(
        lambda a, b: jnp.take_along_axis(a, factor * _places(a, b), 1, **more),
        truth,
        shape=(-1, 8),
    )


def written(name: str, function: Callable[[Array, Any, Array], None]) -> Primitive:
    """Makes numbers that are written to the front of every row by a method of `at`."""

    def by_numpy(a: Array, b: Array) -> Array:
        made = a.copy()
        function(made, (np.arange(len(a))[:, None], _places(a, b)), b)
        return made

    def by_jax(a: Array, b: Array) -> Array:
        return getattr(a.at[jnp.arange(len(a))[:, None], _places(a, b)], name)(b)

    return Primitive(by_jax, by_numpy, by_numpy=by_numpy, shape=(-1, 8))


def _put(array: Array, places: Any, numbers: Array) -> None:
    array[places] = numbers


def _summed_by_torch(a: Array, b: Array) -> Array:
    places = 3 * (a[:, :1] > b[:, :1]).long() + (b > 0).long()
    return a.scatter_add(1, places, b)


def _applied(a: Array, b: Array) -> Array:
    made = a.copy()
    made[:, ::2] *= made[:, ::2]
    return made


def _start(b: Array) -> Array:
    return jnp.where(b[-1, 0] > 0, 2, 0)


def _window(a: Array, b: Array) -> Array:
    start = 2 * int(b[-1, 0] > 0)
    return a[:, start : start + 3]


def _replaced(a: Array, b: Array) -> Array:
    made, start = a.copy(), 2 * int(b[-1, 0] > 0)
    made[:, start : start + 3] = b[:, :3]
    return made


LOOKUPS: dict[str, Primitive] = {
    "gather": looked_up(),
    "gather, clipped": looked_up(mode="clip"),
    "gather, a filler": looked_up(mode="fill", fill_value=0.5),
    "dynamic_slice": Primitive(
        lambda a, b: lax.dynamic_slice_in_dim(a, _start(b), 3, 1),
        _window,
        shape=(-1, 8),
        numbers=3,
    ),
    "dynamic_update_slice": Primitive(
        lambda a, b: lax.dynamic_update_slice_in_dim(a, b[:, :3], _start(b), 1),
        _replaced,
        shape=(-1, 8),
    ),
    "scatter": written("set", _put),
    "scatter, a function": Primitive(
        lambda a, b: a.at[:, ::2].apply(lambda z: z * z), _applied, shape=(-1, 8)
    ),
    "scatter-add": written("add", np.add.at)._replace(by_torch=_summed_by_torch),
    "scatter-sub": written("subtract", np.subtract.at),
    "scatter-mul": written("multiply", np.multiply.at),
    "scatter-min": written("min", np.minimum.at),
    "scatter-max": written("max", np.maximum.at),
}
