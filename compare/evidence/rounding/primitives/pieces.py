"""Arrays that are put together, taken apart, padded and repeated."""

import itertools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.index import carried, namespace, rearranged
from compare.evidence.rounding.primitives.padding import padded
from compare.evidence.rounding.primitives.row import Rule, rows


def _joined(join: Callable[..., Array]) -> Rule:
    """Returns the rule of a function of an equation and arrays that makes one array of them."""

    def rule(analysis: Analysis, eqn: Any, *args: Enclosure) -> Enclosure:
        error = analysis.each(lambda *each: join(eqn, *each), *(one.error for one in args))
        return carried(args, join(eqn, *(one.value for one in args)), error)

    return rule


def _parted(part: Callable[[Any, Array], list[Array]]) -> Rule:
    """Returns the rule of a function of an equation and an array that makes many arrays of it."""

    def rule(analysis: Analysis, eqn: Any, a: Enclosure) -> list[Enclosure]:
        errors = zip(*(part(eqn, error) for error in a.error), strict=True)
        return [
            carried((a,), value, analysis.xp.stack(error))
            for value, error in zip(part(eqn, a.value), errors, strict=True)
        ]

    return rule


def _concatenated(eqn: Any, *arrays: Array) -> Array:
    return namespace(*arrays).concatenate(arrays, eqn.params["dimension"])


def _stacked(eqn: Any, *arrays: Array) -> Array:
    return namespace(*arrays).stack(arrays, eqn.params["axis"])


def _split(eqn: Any, array: Array) -> list[Array]:
    axis, sizes = eqn.params["axis"], eqn.params["sizes"]
    ends = itertools.pairwise([0, *itertools.accumulate(sizes)])
    return [array[(slice(None),) * axis + (slice(low, high),)] for low, high in ends]


def _unstacked(eqn: Any, array: Array) -> list[Array]:
    axis = eqn.params["axis"]
    return [array[(slice(None),) * axis + (i,)] for i in range(array.shape[axis])]


def _tiled(eqn: Any, array: Array) -> Array:
    return namespace(array).tile(array, eqn.params["reps"])


def _padded(eqn: Any, array: Array, filler: Array) -> Array:
    return padded(namespace(array, filler), array, filler, eqn.params["padding_config"])


def iota(analysis: Analysis, eqn: Any) -> Enclosure:
    """Counts along an axis; large numbers are rounded in a dtype of few digits."""
    dtype, shape, axis = (eqn.params[name] for name in ("dtype", "shape", "dimension"))
    counted = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    value = np.broadcast_to(counted, shape)
    if jnp.issubdtype(dtype, jnp.floating) and analysis.rounds:
        return analysis.rounded(value.astype(np.float64), np.dtype(dtype))
    return analysis.exact(value.astype(dtype))


def empty(analysis: Analysis, eqn: Any) -> Enclosure:
    """Nothing is known of what nobody has written yet."""
    aval = eqn.outvars[0].aval
    value = analysis.exact(np.zeros(aval.shape, aval.dtype)).value
    return Enclosure(value, analysis.unknown(aval.shape, aval.dtype))


ROWS = rows(
    "index",
    {
        "concatenate": _joined(_concatenated),
        "stack": _joined(_stacked),
        "split": _parted(_split),
        "unstack": _parted(_unstacked),
        "pad": _joined(_padded),
        "tile": rearranged(_tiled),
        "iota": iota,
        "empty": empty,
        "empty2": empty,
    },
)
