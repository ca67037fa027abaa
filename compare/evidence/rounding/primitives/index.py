"""Slices, reshapes and the like: each error moves with its value, and nothing is rounded."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure

Rule = Callable[..., Enclosure]


def moved(analysis: Analysis, eqn: Any, *args: Enclosure) -> Enclosure:
    """Applies the primitive (a slice, a concatenation, ...) to the errors as to the values."""
    del analysis
    params = dict(eqn.params)

    def bind(*arrays: Array) -> Array:
        out = eqn.primitive.bind(*map(jnp.asarray, arrays), **params)
        return out if isinstance(arrays[0], jax.core.Tracer) else np.asarray(out)

    terms = max(arg.terms for arg in args)
    return Enclosure(bind(*(a.value for a in args)), bind(*(a.error for a in args)), terms)


def rearranged(rearrange: Callable[[Any, Array], Array]) -> Rule:
    """Returns the rule of a method of arrays, so that NumPy runs it and nothing is compiled."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure, *_: Enclosure) -> Enclosure:
        del analysis
        return Enclosure(rearrange(eqn, a.value), rearrange(eqn, a.error), a.terms)

    return rule


transpose = rearranged(lambda eqn, array: array.transpose(eqn.params["permutation"]))
reshape = rearranged(lambda eqn, array: array.reshape(eqn.outvars[0].aval.shape))


def broadcast_in_dim(analysis: Analysis, eqn: Any, a: Enclosure, *_: Enclosure) -> Enclosure:
    """Repeats each number with its error."""
    shape, places = eqn.params["shape"], eqn.params["broadcast_dimensions"]
    aligned = [1] * len(shape)
    for axis, place in enumerate(places):
        aligned[place] = a.value.shape[axis]

    def spread(array: Array) -> Array:
        return analysis.xp.broadcast_to(analysis.xp.reshape(array, aligned), shape)

    return Enclosure(spread(a.value), spread(a.error), a.terms)
