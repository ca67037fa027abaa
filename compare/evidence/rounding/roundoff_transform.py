"""Rounding error analysis as a JAX transformation.

`roundoff(f, dtype)` runs the jaxpr of any JAX function in float64 and carries, for every value v,
a bound e >= |the value as computed in dtype - the exact value|. Two programs that compute the same
operations differ by at most e_a + e_b. For example, a root of a quadratic:

    >>> def smaller_root(b, c):
    ...     return (-b + jnp.sqrt(b * b - 4 * c)) / 2
    >>> value, bound = roundoff(smaller_root, np.float32)(np.float32(1e4), np.float32(1.0))
    >>> bool(bound > abs(value))  # cancellation: float32 knows nothing of this root
    True

The bound covers each operation by itself, whatever a library does of this: it rounds the result
or, where it fuses the next operation, does not; it adds up the terms of one sum in any order; it
takes subnormal operands and results for 0; it divides by multiplying with a reciprocal; it holds
more digits of a Python constant than the dtype has; it is off by some ulp in a mathematical
function (`primitives.costs`). Where a result may overflow or be NaN, the bound is
infinite. What XLA makes of two operations is covered for `a * b + c`, `a / exp(b)` and `exp(a) *
exp(b)`. It is not for `(x + c) + d` and `(x * c) * d`, whose constants it joins, for `(a / b) / c`
and `a / (b / c)`, and for sums of sums. docs/roundoff.md has examples, docs/roundoff_promise.md
all that is covered and not.

The running error analysis is Higham's (Accuracy and Stability of Numerical Algorithms, section
3.3), with u = 2^-p the unit roundoff, gamma_n = n u / (1 - n u) and lam the smallest normal number,
which a library may flush to zero: see `arithmetic`. There are two readings. `worst` adds the
magnitudes of errors and is a proof. `typical` takes the root of the sum of their squares, the scale
that real errors have, and is statistical.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.catalogue import DTYPES
from compare.errors import shown
from compare.evidence.rounding.arguments import held
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.kinds import is_float, is_key
from compare.evidence.rounding.primitives.application import apply
from compare.evidence.rounding.readings import READINGS, Array
from compare.evidence.rounding.settings import settings
from compare.evidence.rounding.tracing import Trace, trace


class Bounds(NamedTuple):
    """Both readings, each with the structure of the values."""

    worst: Any
    typical: Any


def roundoff(
    f: Callable[..., Any],
    dtype: np.typing.DTypeLike,
    *,
    reading: str = "worst",
    rounded_inputs: bool = False,
    arithmetic: Arithmetic | None = None,
    is_pure: bool = False,
) -> Callable[..., tuple[Any, Any]]:
    """Returns a function that computes (values, bounds) of f, both float64 with f's structure.

    Args:
      f: a JAX function, which may be made by `vmap`, `grad` or `jit`; a module that can be called.
      dtype: in which f is computed. Arguments that are floating-point numbers are cast to it and
        then taken to be exact; others stay what they are, and so does what f has captured. Arrays
        that f makes are float64 if that is float64, else float32, as they are without x64.
      reading: 'worst' or 'typical'; of 'both' the bounds are `Bounds(worst, typical)`.
      rounded_inputs: whether the exact value is that of f at the arguments as given, which the
        program rounds to dtype with an error of u |a|: float32 weights of a program that computes
        in bfloat16, say.
      arithmetic: how matrix products of that dtype are computed; None if by operations of dtype.
      is_pure: whether f depends on its arguments alone, now and later, so that what is traced of it
        once is used again. Otherwise it is traced at every call.

    Returns:
      A function of f's arguments, which are arrays or pytrees of arrays; Python's integers,
      booleans, strings and functions are passed on to f, and have the bound 0 where f returns
      them. It computes in NumPy; under `jax.jit` and `jax.vmap`, where it is traced itself, x64
      has to be enabled. A bound is infinite if nothing is known; that of a boolean is 1 where the
      value is uncertain, else 0.

    Raises:
      NotImplementedError: by that function, naming all primitives that have no rule.
      RuntimeError: by that function, if it is traced without x64, or within `roundoff`.
      TypeError: by that function, for what is no function of JAX, and arguments or results that
        are no real numbers.
      ValueError: for an unknown dtype or reading, or an arithmetic of another dtype; by that
        function, for integers that have no place in those of JAX.
    """
    if reading not in (*READINGS, "both"):
        raise ValueError(f"reading: expected {', '.join(READINGS)} or both, got {reading!r}")
    dtype, readings = known_dtype(dtype), READINGS if reading == "both" else (reading,)
    if arithmetic is not None:
        _check_arithmetic(arithmetic, dtype)

    def analysed(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        traced = trace(f, dtype, args, kwargs, is_pure=is_pure)
        # XLA compiles what joins two readings to code that is many times slower than both alone.
        passes = [(one,) for one in readings] if traced.tracing else [readings]
        bounds, none = [], (jnp if traced.tracing else np).zeros(())
        for some in passes:
            analysis = analysis_of(traced, dtype, some, arithmetic)
            outs = evaluated(traced, dtype, analysis, rounded_inputs=rounded_inputs)
            limits = list(map(_limits(analysis), outs))
            bounds += [
                traced.unflatten((each[i] for each in limits), lambda _: none)
                for i in range(len(some))
            ]
        values = traced.unflatten(
            (_as_array(analysis, out.value) for out in outs), lambda leaf: leaf
        )
        return values, Bounds(*bounds) if reading == "both" else bounds[0]

    return analysed


def analysis_of(
    traced: Trace,
    dtype: np.dtype,
    readings: tuple[str, ...],
    arithmetic: Arithmetic | None = None,
) -> Analysis:
    """Returns the analysis of a function: in NumPy, or in JAX if it is being traced itself.

    Raises:
      RuntimeError: if it is, without x64.
    """
    if traced.tracing and not jax.config.read("jax_enable_x64"):
        raise RuntimeError(
            "roundoff works out bounds in float64, which jax.jit and jax.vmap have only if x64 "
            "is enabled: call them within `with jax.enable_x64(True):`"
        )
    xp = jnp if traced.tracing else np
    return Analysis(xp, readings, arithmetic or plain_arithmetic(dtype), apply)


def evaluated(
    traced: Trace,
    dtype: np.dtype,
    analysis: Analysis,
    *,
    rounded_inputs: bool = False,
    inexact: Mapping[int, Enclosure] = MappingProxyType({}),
) -> list[Enclosure]:
    """Evaluates a function at its arguments, and bounds its results.

    Args:
      traced: the function, with its arrays.
      dtype: in which it is computed.
      analysis: of that dtype.
      rounded_inputs: as of `roundoff`.
      inexact: number of an array -> what is known of it, in its place.
    """
    enter = analysis.rounded if rounded_inputs else analysis.cast
    kinds = (var.aval.dtype for var in traced.closed.jaxpr.invars)
    with settings(traced):
        operands = [
            enter(array, dtype) if is_float(kind) else _of_kind(analysis, array, kind)
            for array, kind in zip(traced.arrays, kinds, strict=True)
        ]
        operands = [inexact.get(i, one) for i, one in enumerate(operands)]
        return analysis.evaluate(traced.closed, operands)


def _of_kind(analysis: Analysis, array: Any, kind: Any) -> Enclosure:
    """Takes integers, booleans and keys as they are; nothing is known of an integer cut short."""
    if is_key(kind):
        return analysis.exact(array)
    array = analysis.xp.asarray(array)
    taken = analysis.exact(array.astype(kind))
    if array.dtype == kind:
        return taken
    error = analysis.xp.where(held(array, kind), 0.0, np.inf)
    return dataclasses.replace(taken, error=taken.error + error)


def _as_array(analysis: Analysis, value: Any) -> Any:
    return value if is_key(value.dtype) else analysis.xp.asarray(value)


def _limits(analysis: Analysis) -> Callable[[Enclosure], list[Any]]:
    """Returns a function of a result that gives its bounds, one for each reading."""
    xp = analysis.xp
    # The square of a smaller error is 0 in float64, so it has no typical scale.
    least = {"worst": 0.0, "typical": float(np.sqrt(np.finfo(np.float64).smallest_normal))}

    def known(limit: Array) -> Array:
        lost = xp.isnan(limit)
        return xp.where(lost, np.inf, limit) if analysis.may_be(lost) else xp.asarray(limit)

    def limits(out: Enclosure) -> list[Any]:
        is_number = is_float(out.value.dtype)
        found = [
            xp.maximum(error.astype(np.float64, copy=False), least[reading] if is_number else 0.0)
            for reading, error in zip(analysis.readings, out.error, strict=True)
        ]
        return list(map(known, found))

    return limits


def _check_arithmetic(arithmetic: Arithmetic, dtype: np.dtype) -> None:
    if not isinstance(arithmetic, Arithmetic):
        raise TypeError(f"arithmetic: expected an Arithmetic, got {arithmetic!r}")
    if arithmetic.dtype != dtype:
        raise ValueError(
            f"arithmetic: expected that of {dtype}, which f is computed in, got one of "
            f"{np.dtype(arithmetic.dtype)}"
        )


def known_dtype(dtype: np.typing.DTypeLike) -> np.dtype:
    """Returns the dtype, one of four.

    Raises:
      ValueError: for any other.
    """
    with contextlib.suppress(TypeError):  # of a name that is none of a dtype
        if dtype is not None and np.dtype(dtype).name in DTYPES:
            return np.dtype(np.dtype(dtype).name)  # in the order of bytes of this machine
    got = shown(dtype) if hasattr(dtype, "__array__") else repr(dtype)
    raise ValueError(f"dtype: expected one of {', '.join(DTYPES)}, got {got}")
