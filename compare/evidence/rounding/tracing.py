"""The jaxpr of a function for arguments of a dtype."""

import contextvars
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arguments import (
    Aval,
    array_of,
    aval_of,
    check_function,
    is_number,
    name_of,
    place_of,
)
from compare.evidence.rounding.refusal import refuse_unknown
from compare.evidence.rounding.tracing_errors import brief_errors

_TRACES = 16  # how many jaxprs are kept
_ARRAY = object()  # stands for one among what is passed on

# whether a function is being traced right now
_under_way = contextvars.ContextVar("roundoff traces a function", default=False)


class _Form(NamedTuple):
    """What a trace depends on, beside the function."""

    structure: Any  # of arguments
    avals: tuple[Aval | None, ...]  # of leaves; None of one that is passed on as it is
    others: tuple[tuple[type, Any], ...]  # what is passed on; 1 and True are equal in Python

    def arguments(self, arrays: Iterable[Any]) -> Any:
        """Returns args and kwargs."""
        given, others = iter(arrays), iter(self.others)
        leaves = [next(others)[1] if aval is None else next(given) for aval in self.avals]
        return self.structure.unflatten(leaves)


class Trace(NamedTuple):
    """A function that has been traced, and the arrays that it is to be evaluated at."""

    closed: Any
    structure: Any  # of the results
    leaves: tuple[Any, ...]  # what is returned as it was given, or _ARRAY
    paths: tuple[str, ...]  # of the arrays that are returned, such as "['w']"; '' of one alone
    arrays: tuple[Any, ...] = ()

    @property
    def tracing(self) -> bool:
        """Whether it is being traced itself, by `jax.jit` or `jax.vmap`."""
        known = (*self.arrays, *self.closed.consts)
        return any(isinstance(one, jax.core.Tracer) for one in known)

    def unflatten(self, arrays: Iterable[Any], other: Callable[[Any], Any]) -> Any:
        """Returns arrays in the structure of the results; `other` makes one of what is no array."""
        given = iter(arrays)
        return self.structure.unflatten(
            [next(given) if leaf is _ARRAY else other(leaf) for leaf in self.leaves]
        )


def trace(
    f: Callable[..., Any],
    dtype: np.dtype,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    is_pure: bool = False,
) -> Trace:
    """Traces f at arguments whose floating-point numbers are of a dtype.

    Other arrays, and keys of random numbers, keep their dtypes; Python's integers, booleans,
    strings, functions and None are passed on as they are.

    Raises:
      NotImplementedError: for primitives that have no rule.
      RuntimeError: if f is traced for `roundoff` already.
      TypeError: for arguments and results that are no real numbers, and an f that JAX cannot trace.
      ValueError: for integers that have no place in the dtype that JAX has for them.
    """
    check_function(f)
    leaves, structure = jax.tree_util.tree_flatten_with_path((tuple(args), dict(kwargs)))
    arrays, avals, others = [], [], []
    with jax.enable_x64(dtype == np.float64):
        for path, leaf in leaves:
            where = place_of(path)
            array = array_of(leaf, where)
            avals.append(None if array is None else aval_of(leaf, array, dtype, where))
            if array is None:
                others.append((type(leaf), leaf))
            else:
                arrays.append(array)
    form = _Form(structure, tuple(avals), tuple(others))
    make = _kept if is_pure and _is_hashable((f, form)) else _traced
    traced = make(f, dtype, form)._replace(arrays=tuple(arrays))
    if traced.tracing and _under_way.get():
        raise RuntimeError(
            "roundoff cannot bound what roundoff itself computes: call it outside of f"
        )
    return traced


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def _traced(f: Callable[..., Any], dtype: np.dtype, form: _Form) -> Trace:
    """Traces f, and leaves out the arrays."""
    shaped = [
        jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=aval.weak)
        for aval in form.avals
        if aval is not None
    ]
    found: list[Any] = []
    wrong: list[str] = []

    def anew(*arrays: Any) -> list[Any]:  # JAX keeps traces by the identity of a function
        args, kwargs = form.arguments(arrays)
        results, structure = jax.tree_util.tree_flatten_with_path(f(*args, **kwargs))
        leaves = tuple(leaf if _is_other(leaf, form) else _ARRAY for _, leaf in results)
        given = [one for one, leaf in zip(results, leaves, strict=True) if leaf is _ARRAY]
        paths = tuple(jax.tree_util.keystr(path) for path, _ in given)
        found[:] = [structure, leaves, paths]
        wrong[:] = [
            f"{name_of(leaf)} at {path}" if path else name_of(leaf)
            for path, (_, leaf) in zip(paths, given, strict=True)
            if not is_number(leaf)
        ]
        return [] if wrong else [leaf for _, leaf in given]

    token = _under_way.set(True)
    try:
        with jax.enable_x64(dtype == np.float64), jax.disable_jit(False), brief_errors():
            closed = jax.make_jaxpr(anew)(*shaped)
    finally:
        _under_way.reset(token)
    if wrong:
        raise TypeError(f"f: expected to return numbers, arrays or pytrees of them, got {wrong[0]}")
    refuse_unknown(closed)
    for aval in closed.out_avals:
        if jnp.issubdtype(aval.dtype, jnp.complexfloating):
            raise TypeError(f"f: expected to return real numbers, got {aval.dtype}")
    return Trace(closed, *found)


_kept = functools.lru_cache(maxsize=_TRACES)(_traced)


def _is_other(leaf: Any, form: _Form) -> bool:
    """Whether what f returns is something that it was given, and no number."""
    return not isinstance(leaf, int) and any(leaf is other for _, other in form.others)
