"""Slices, reshapes and the like: each error moves with its value, and nothing is rounded."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.row import Rule, rows


def same(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
    """Returns the operands."""
    del analysis, eqn
    return list(args)


def bound_to(eqn: Any, *arrays: Array) -> Any:
    """Evaluates an equation that moves numbers, on other numbers of the same shapes."""
    out = eqn.primitive.bind(*map(jnp.asarray, arrays), **eqn.params)
    outs = out if eqn.primitive.multiple_results else [out]
    made = [one if isinstance(one, jax.core.Tracer) else np.asarray(one) for one in outs]
    return made if eqn.primitive.multiple_results else made[0]


def rearranged(rearrange: Callable[[Any, Array], Array], *, keeps_all: bool = False) -> Rule:
    """Returns the rule of a method of arrays, so that NumPy runs it and nothing is compiled.

    Args:
      rearrange: a function of the equation and an array.
      keeps_all: whether every entry is there once, or several times, in the same order.
    """

    def rule(analysis: Analysis, eqn: Any, a: Enclosure, *_: Enclosure) -> Enclosure:
        error = analysis.each(lambda error: rearrange(eqn, error), a.error)
        made, exponent = carried((a,), rearrange(eqn, a.value), error), None
        if a.exponent is not None:
            of = a.exponent
            moved = analysis.each(lambda error: rearrange(eqn, error), of.error)
            exponent = Enclosure(rearrange(eqn, of.value), moved)
        winners = a.winners if keeps_all else None
        return dataclasses.replace(made, winners=winners, exponent=exponent)

    return rule


def _reshaped(eqn: Any, array: Array) -> Array:
    """Reshapes the array, whose axes are put in another order first if `dimensions` says so."""
    order = eqn.params.get("dimensions")
    array = array if order is None else array.transpose(order)
    return array.reshape(eqn.outvars[0].aval.shape)


def broadcast(analysis: Analysis, eqn: Any, a: Enclosure, *_: Enclosure) -> Enclosure:
    """Repeats values and errors, which take no more memory for that."""
    del analysis
    of, exponent = a.exponent, None
    if of is not None:
        exponent = Enclosure(_spread(eqn, of.value), _spread(eqn, of.error))
    made = carried((a,), _spread(eqn, a.value), _spread(eqn, a.error))
    return dataclasses.replace(made, winners=a.winners, exponent=exponent)


def _spread(eqn: Any, array: Array) -> Array:
    """Repeats an array, whose first axis may be that of readings."""
    shape, places = eqn.params["shape"], eqn.params["broadcast_dimensions"]
    readings = array.shape[: array.ndim - len(places)]
    aligned = [*readings, *(1,) * len(shape)]
    for axis, place in enumerate(places, len(readings)):
        aligned[len(readings) + place] = array.shape[axis]
    return namespace(array).broadcast_to(array.reshape(aligned), (*readings, *shape))


def _sliced(eqn: Any, array: Array) -> Array:
    params = eqn.params
    strides = params["strides"] or (None,) * array.ndim
    limits = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return array[tuple(slice(*limit) for limit in limits)]


def _reversed(eqn: Any, array: Array) -> Array:
    turned = eqn.params["dimensions"]
    steps = (slice(None, None, -1 if axis in turned else None) for axis in range(array.ndim))
    return array[tuple(steps)]


def namespace(*arrays: Array) -> Any:
    """Returns numpy for its own arrays, and jax.numpy for others."""
    return np if all(isinstance(one, np.ndarray | np.generic) for one in arrays) else jnp


def carried(args: Sequence[Enclosure], value: Array, error: Array) -> Enclosure:
    """Returns moved values that are as they were."""
    terms, flushed = max(arg.terms for arg in args), all(arg.flushed for arg in args)
    return Enclosure(value, error, terms=terms, flushed=flushed)


ROWS = rows(
    "index",
    {
        "copy": same,
        "stop_gradient": same,
        "name": same,
        "optimization_barrier": same,
        "device_put": same,
        "sharding_constraint": same,
        "broadcast_in_dim": broadcast,
        "transpose": rearranged(lambda eqn, array: array.transpose(eqn.params["permutation"])),
        "reshape": rearranged(_reshaped, keeps_all=True),
        "squeeze": rearranged(lambda eqn, array: array.reshape(eqn.outvars[0].aval.shape)),
        "slice": rearranged(_sliced),
        "rev": rearranged(_reversed),
    },
)
