"""The numbers of fewest digits that occur in a program of JAX."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params

_OPAQUE = ("callback", "ffi_call", "custom_call")  # in the names of primitives
_CALLS = ("jit", "pjit", "closed_call")
# primitives that make numbers 0 and 1 of such numbers
_KEEPING = ("convert_element_type", "broadcast_in_dim", "reshape", "transpose", "squeeze", "mul")
_SHORT = 12  # bits of a number that is as good in any dtype


class Digits(NamedTuple):
    """How few digits floating-point numbers have.

    Attributes:
      narrowest: the dtype of fewest digits of all that is given or computed; '' if nothing is
        known, since what a callback does cannot be seen.
      constants: the dtype of every constant that has fewer digits than float64, by a digest of its
        numbers. Two programs that hold the same data lose nothing by them.
    """

    narrowest: str
    constants: Mapping[str, str]


def digits(closed: Any) -> Digits:
    """Looks at all floating-point numbers in a jaxpr.

    It looks into all functions that are called, kernels of Pallas included. A float64 constant
    that float32 has too, and that takes most of its digits, has been one of float32. Numbers that
    are made of booleans, such as those of a mask, have all their digits in every dtype.

    Args:
      closed: the jaxpr.
    """
    constants = dict(_of_constants([*closed.consts, *_literals(closed.jaxpr)]))
    known = {*_computed(closed.jaxpr, set())}.union(*map(_of_variable, closed.jaxpr.invars))
    is_seen = None not in known
    known.discard(None)
    found = max(known, key=lambda one: float(jnp.finfo(one).eps), default=None)
    if found is None or (found == np.float64 and not is_seen):
        return Digits("", constants)
    return Digits(str(found.name), constants)


def _computed(jaxpr: Any, masks: set[Any]) -> Iterator[np.dtype | None]:
    """Yields the dtypes of all that is computed, and None of what cannot be seen.

    Args:
      jaxpr: that is looked at.
      masks: variables of it that are 0 and 1; more are added.
    """
    for eqn in jaxpr.eqns:
        if any(name in eqn.primitive.name for name in _OPAQUE):
            yield None
        for inner in jaxprs_in_params(eqn.params):
            pairs = zip(inner.invars, eqn.invars, strict=False)
            within = {own for own, given in pairs if _is_mask(given, masks)}
            yield from _computed(inner, within)
            if eqn.primitive.name in _CALLS:
                made = zip(eqn.outvars, inner.outvars, strict=True)
                masks |= {var for var, own in made if _is_mask(own, within)}
        if eqn.primitive.name in _KEEPING and all(_is_mask(one, masks) for one in eqn.invars):
            masks |= set(eqn.outvars)
        for var in eqn.outvars:
            if var not in masks:
                yield from _of_variable(var)


def _is_mask(atom: Any, masks: set[Any]) -> bool:
    """Whether a variable is of booleans, or of numbers that are made of them."""
    if hasattr(atom, "val"):
        return False
    return atom in masks or getattr(atom.aval, "dtype", None) == np.bool_


def _of_variable(var: Any) -> Iterator[np.dtype]:
    dtype = getattr(var.aval, "dtype", np.int32)
    if jnp.issubdtype(dtype, jnp.floating):
        yield np.dtype(dtype)


def _literals(jaxpr: Any) -> Iterator[Any]:
    """Yields the numbers that stand in equations."""
    for eqn in jaxpr.eqns:
        yield from (atom.val for atom in eqn.invars if hasattr(atom, "val"))
        for inner in jaxprs_in_params(eqn.params):
            yield from _literals(inner)


def _of_constants(constants: list[Any]) -> Iterator[tuple[str, str]]:
    """Yields a digest and the dtype of every constant of few digits."""
    for constant in constants:
        dtype = getattr(constant, "dtype", None) or np.asarray(constant).dtype
        if not jnp.issubdtype(dtype, jnp.floating):  # nor can a key of random numbers be an array
            continue
        array = np.asarray(constant)
        name = "float32" if _was_float32(array) else str(array.dtype)
        if name != "float64":
            wide = array.astype(np.float64)
            yield hashlib.sha256(f"{wide.shape}".encode() + wide.tobytes()).hexdigest(), name


def _was_float32(array: np.ndarray) -> bool:
    """Whether float64 numbers are some of float32, with more digits than short numbers have."""
    if array.dtype != np.float64 or not array.size:
        return False
    with np.errstate(over="ignore"):
        is_float32 = (array.astype(np.float32) == array) | np.isnan(array)
    fraction = np.frexp(array[np.isfinite(array)])[0] * 2.0**_SHORT
    return bool(is_float32.all() and (fraction != np.rint(fraction)).any())
