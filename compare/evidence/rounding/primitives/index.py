"""Slices, reshapes and the like: each error moves with its value, and nothing is rounded."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure

Rule = Callable[..., Enclosure]


def same(analysis: Analysis, eqn: Any, a: Enclosure) -> Enclosure:
    """Returns the operand."""
    del analysis, eqn
    return a


def moved(analysis: Analysis, eqn: Any, *args: Enclosure) -> Enclosure:
    """Applies the primitive (a slice, a concatenation, ...) to the errors as to the values."""
    del analysis
    params = dict(eqn.params)

    def bind(*arrays: Array) -> Array:
        out = eqn.primitive.bind(*map(jnp.asarray, arrays), **params)
        return out if isinstance(out, jax.core.Tracer) else np.asarray(out)

    return _carry(args, bind(*(a.value for a in args)), bind(*(a.error for a in args)))


def rearranged(rearrange: Callable[[Any, Array], Array]) -> Rule:
    """Returns the rule of a method of arrays, so that NumPy runs it and nothing is compiled."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure, *_: Enclosure) -> Enclosure:
        del analysis
        return _carry((a,), rearrange(eqn, a.value), rearrange(eqn, a.error))

    return rule


def _reshaped(eqn: Any, array: Array) -> Array:
    """Reshapes the array, whose axes are put in another order first if `dimensions` says so."""
    order = eqn.params.get("dimensions")
    array = array if order is None else array.transpose(order)
    return array.reshape(eqn.outvars[0].aval.shape)


transpose = rearranged(lambda eqn, array: array.transpose(eqn.params["permutation"]))
reshape = rearranged(_reshaped)
squeeze = rearranged(lambda eqn, array: array.reshape(eqn.outvars[0].aval.shape))


def broadcast_in_dim(analysis: Analysis, eqn: Any, a: Enclosure, *_: Enclosure) -> Enclosure:
    """Repeats each number with its error."""
    shape, places = eqn.params["shape"], eqn.params["broadcast_dimensions"]
    aligned = [1] * len(shape)
    for axis, place in enumerate(places):
        aligned[place] = a.value.shape[axis]

    def spread(array: Array) -> Array:
        return analysis.xp.broadcast_to(analysis.xp.reshape(array, aligned), shape)

    return _carry((a,), spread(a.value), spread(a.error))


def _carry(args: Sequence[Enclosure], value: Array, error: Array) -> Enclosure:
    """Returns moved values that are as they were."""
    terms, flushed = max(arg.terms for arg in args), all(arg.flushed for arg in args)
    return Enclosure(value, error, terms=terms, flushed=flushed)
