"""The jaxpr of a function for arguments of a dtype."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.enclosure import is_float
from compare.evidence.rounding.refusal import refuse_unknown

_TRACES = 16  # how many jaxprs are kept


class Traced(NamedTuple):
    """A function that has been traced, and the arrays that it is to be evaluated at."""

    closed: Any
    arrays: tuple[Any, ...]
    structure: Any  # of the results

    @property
    def tracing(self) -> bool:
        """Whether it is being traced itself, by `jax.jit` or `jax.vmap`."""
        known = (*self.arrays, *self.closed.consts)
        return any(isinstance(one, jax.core.Tracer) for one in known)


class _Form(NamedTuple):
    """What a trace depends on, beside the function."""

    structure: Any  # of arguments
    avals: tuple[tuple[tuple[int, ...], Any] | None, ...]  # of leaves; None of one as it is
    others: tuple[Any, ...]  # leaves as they are


def trace(
    f: Callable[..., Any],
    dtype: np.dtype,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    is_pure: bool = False,
) -> Traced:
    """Traces f at arguments whose floating-point numbers are of a dtype.

    Other arrays, and keys of random numbers, keep their dtypes; Python's integers, booleans,
    strings, functions and None are passed on as they are.

    Raises:
      NotImplementedError: for primitives that have no rule.
      TypeError: for complex numbers, and for arrays of what is no number.
    """
    leaves, structure = jax.tree.flatten((tuple(args), dict(kwargs)))
    arrays, avals = [], []
    with jax.enable_x64(dtype == np.float64):
        for leaf in leaves:
            array = _array_of(leaf)
            avals.append(None if array is None else (np.shape(array), _dtype_of(array, dtype)))
            if array is not None:
                arrays.append(array)
    others = tuple(leaf for leaf, aval in zip(leaves, avals, strict=True) if aval is None)
    form = _Form(structure, tuple(avals), others)
    traced = _kept(f, dtype, form) if is_pure and _is_hashable(others) else _traced(f, dtype, form)
    return Traced(traced[0], tuple(arrays), traced[1])


def _array_of(leaf: Any) -> Any:
    """Returns a leaf that f is to be traced in as an array; None for one that stays as it is."""
    if isinstance(leaf, float | complex):
        return np.asarray(leaf)
    if isinstance(leaf, jax.Array | np.ndarray | np.generic):
        return leaf
    return np.asarray(leaf) if hasattr(leaf, "__array__") else None


def _dtype_of(array: Any, dtype: np.dtype) -> Any:
    own = array.dtype
    if is_float(own):
        return dtype
    if jnp.issubdtype(own, jax.dtypes.extended):
        return own
    if own.kind not in "biu" and own.name not in ("int4", "uint4", "int2", "uint2"):
        raise TypeError(f"roundoff takes real numbers, integers and booleans, got {own}")
    return jax.dtypes.canonicalize_dtype(own)


def _is_hashable(leaves: Sequence[Any]) -> bool:
    try:
        hash(tuple(leaves))
    except TypeError:
        return False
    return True


def _traced(f: Callable[..., Any], dtype: np.dtype, form: _Form) -> tuple[Any, Any]:
    """Returns the jaxpr of f and the structure of its results."""
    shaped = [jax.ShapeDtypeStruct(*aval) for aval in form.avals if aval is not None]

    def anew(*arrays: Any) -> Any:  # JAX keeps traces by the identity of a function
        given, as_they_are = iter(arrays), iter(form.others)
        leaves = [next(as_they_are if aval is None else given) for aval in form.avals]
        args, kwargs = form.structure.unflatten(leaves)
        return f(*args, **kwargs)

    with jax.enable_x64(dtype == np.float64):
        closed, shapes = jax.make_jaxpr(anew, return_shape=True)(*shaped)
    refuse_unknown(closed)
    return closed, jax.tree.structure(shapes)


_kept = functools.lru_cache(maxsize=_TRACES)(_traced)
