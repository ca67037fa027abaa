"""The numbers of fewest digits that occur in a program of JAX."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params

_OPAQUE = ("callback", "ffi_call", "custom_call")  # in the names of primitives
_SHORT = 12  # bits of a number that is as good in any dtype


def narrowest(closed: Any) -> str:
    """Returns the dtype of fewest digits of all floating-point numbers in a jaxpr.

    It looks into all functions that are called, kernels of Pallas included. A float64 constant
    that float32 has too, and that takes most of its digits, has been one of float32.

    Args:
      closed: the jaxpr.

    Returns:
      Its name; '' if nothing is known, since what a callback does cannot be seen.
    """
    known = {*_dtypes(closed.jaxpr)}.union(*map(_of_constant, closed.consts))
    is_seen = None not in known
    known.discard(None)
    found = max(known, key=lambda one: float(jnp.finfo(one).eps), default=None)
    if found is None or (found == np.float64 and not is_seen):
        return ""
    return str(found.name)


def _dtypes(jaxpr: Any) -> Iterator[np.dtype | None]:
    """Yields the dtypes of all floating-point numbers, and None of what cannot be seen."""
    for eqn in jaxpr.eqns:
        if any(name in eqn.primitive.name for name in _OPAQUE):
            yield None
        for atom in (*eqn.invars, *eqn.outvars):
            if hasattr(atom, "val"):
                yield from _of_constant(atom.val)
            elif jnp.issubdtype(getattr(atom.aval, "dtype", np.int32), jnp.floating):
                yield np.dtype(atom.aval.dtype)
        for inner in jaxprs_in_params(eqn.params):
            yield from _dtypes(inner)


def _of_constant(constant: Any) -> set[np.dtype | None]:
    """Returns the dtype of an array, or float32 for one of float64 that was made of that."""
    dtype = getattr(constant, "dtype", None) or np.asarray(constant).dtype
    if not jnp.issubdtype(dtype, jnp.floating):  # nor can a key of random numbers be an array
        return set()
    array = np.asarray(constant)
    if array.dtype != np.float64 or not array.size:
        return {array.dtype}
    with np.errstate(over="ignore"):
        was_float32 = (array.astype(np.float32) == array) | np.isnan(array)
    fraction = np.frexp(array[np.isfinite(array)])[0] * 2.0**_SHORT
    is_long = (fraction != np.rint(fraction)).any()
    return {np.dtype(np.float32 if was_float32.all() and is_long else np.float64)}
