"""Operations that move numbers and change none: JAX moves their places instead."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.selftest.composed.roundings import Array, is_float

_MOVES = frozenset(
    (
        *("broadcast_in_dim", "concatenate", "copy", "dynamic_slice", "dynamic_update_slice"),
        *("gather", "iota", "optimization_barrier", "pad", "reshape", "rev", "scatter"),
        *("select_n", "slice", "split", "squeeze", "stack", "stop_gradient", "tile"),
        *("transpose", "unstack", "name"),
    )
)


def moved(eqn: Any, operands: Sequence[Array]) -> list[Array]:
    """Evaluates an equation that moves numbers.

    Raises:
      NotImplementedError: for any other.
    """
    name = eqn.primitive.name
    if name not in _MOVES:
        raise NotImplementedError(f"no evaluation of {name!r} with roundings at random")
    if name == "iota":
        return [np.asarray(_bound(eqn, [])[0]).astype(np.longdouble)]
    if name == "select_n":
        return [np.choose(operands[0].astype(int), [*operands[1:]])]
    floats = [is_float(atom.aval.dtype) for atom in eqn.invars]
    if name == "gather" and eqn.params["fill_value"] is not None:
        filler, eqn = eqn.params["fill_value"], eqn.replace(params={**eqn.params, "fill_value": -1})
    else:
        filler = np.nan
    numbers = [one.ravel() for one, known in zip(operands, floats, strict=True) if known]
    pool, places, start = np.concatenate([*numbers, [filler]]), [], 0
    for one, known in zip(operands, floats, strict=True):
        places.append(np.arange(start, start + one.size).reshape(one.shape) if known else one)
        start += one.size if known else 0
    found = (np.asarray(out) for out in _bound(eqn, places))
    return [pool[np.where((out < 0) | (out >= start), start, out)] for out in found]


def _bound(eqn: Any, operands: Sequence[Array]) -> Sequence[Any]:
    with jax.enable_x64(True):
        found = eqn.primitive.bind(*map(jnp.asarray, operands), **eqn.params)
    return found if eqn.primitive.multiple_results else [found]
