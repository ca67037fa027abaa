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
function (`primitives.math_functions`). Where a result may overflow or be NaN, the bound is
infinite. What XLA makes of two operations is covered for `a * b + c`, `a / exp(b)` and `exp(a) *
exp(b)`. It is not for `(x + c) + d` and `(x * c) * d`, whose constants it joins, for `(a / b) / c`
and `a / (b / c)`, and for sums of sums. docs/roundoff.md has examples, and the trial.

The running error analysis is Higham's (Accuracy and Stability of Numerical Algorithms, section
3.3), with u = 2^-p the unit roundoff, gamma_n = n u / (1 - n u) and lam the smallest normal number,
which a library may flush to zero: see `arithmetic`. There are two readings. `worst` adds the
magnitudes of errors and is a proof. `typical` takes the root of the sum of their squares, the scale
that real errors have, and is statistical.
"""

import contextlib
import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.catalogue import DTYPES
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.interpreter import interpret
from compare.evidence.rounding.primitives import MOVED, ROUNDED, RULES, VANISHING

_TRACES = 16  # how many jaxprs are kept
READINGS = ("worst", "typical")


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
      f: a JAX function, which may be made by `vmap`, `grad` or `jit`.
      dtype: in which f is computed. Arguments are cast to it and then taken to be exact. Arrays
        that f makes are float64 if that is float64, else float32, as they are without x64.
      reading: 'worst' or 'typical'.
      rounded_inputs: whether the exact value is that of f at the arguments as given, which the
        program rounds to dtype with an error of u |a|: float32 weights of a program that computes
        in bfloat16, say.
      arithmetic: how matrix products of that dtype are computed; None if by operations of dtype.
      is_pure: whether f depends on its arguments alone, now and later, so that what is traced of it
        once is used again. Otherwise it is traced at every call.

    Returns:
      A function of f's arguments, which are arrays or pytrees of arrays. It computes in NumPy and
      compiles nothing; under `jax.jit` and `jax.vmap`, where it is traced itself, x64 has to be
      enabled. A bound is infinite if nothing is known.

    Raises:
      NotImplementedError: by that function, naming a primitive that has no rule.
      RuntimeError: by that function, if it is traced without x64.
      ValueError: for an unknown dtype or reading.
    """
    if reading not in READINGS:
        raise ValueError(f"reading: expected one of {', '.join(READINGS)}, got {reading!r}")
    dtype = _known(dtype)
    trace = _kept_trace if is_pure else _trace

    def analysed(*args: Any) -> tuple[Any, Any]:
        leaves, args_structure = jax.tree.flatten(args)
        closed, out_shapes = trace(f, dtype, args_structure, tuple(map(np.shape, leaves)))
        tracing = any(isinstance(leaf, jax.core.Tracer) for leaf in (*leaves, *closed.consts))
        if tracing and not jax.config.read("jax_enable_x64"):
            raise RuntimeError(
                "roundoff works out bounds in float64, which jax.jit and jax.vmap have only if x64 "
                "is enabled: call them within `with jax.enable_x64(True):`"
            )
        xp = jnp if tracing else np
        analysis = Analysis(xp, reading == "worst", arithmetic or plain_arithmetic(dtype))
        enter = analysis.rounded if rounded_inputs else analysis.cast
        with jax.enable_x64(True), np.errstate(all="ignore"):
            outs = interpret(
                closed,
                [enter(leaf, dtype) for leaf in leaves],
                constant=analysis.constant,
                apply=functools.partial(_apply, analysis),
            )
        structure: Any = jax.tree.structure(out_shapes)
        # The square of a smaller error is 0 in float64, so it has no typical scale.
        least = 0.0 if analysis.worst else math.sqrt(np.finfo(np.float64).smallest_normal)
        limits = [xp.maximum(out.error, least) for out in outs]
        errors = [xp.where(xp.isnan(limit), np.inf, limit) for limit in limits]
        return structure.unflatten([out.value for out in outs]), structure.unflatten(errors)

    return analysed


def _known(dtype: np.typing.DTypeLike) -> np.dtype:
    with contextlib.suppress(TypeError):  # of a name that is none of a dtype
        if np.dtype(dtype).name in DTYPES:
            return np.dtype(dtype)
    raise ValueError(f"dtype: expected one of {', '.join(DTYPES)}, got {dtype!r}")


def _trace(
    f: Callable[..., Any], dtype: np.dtype, structure: Any, shapes: tuple[tuple[int, ...], ...]
) -> tuple[Any, Any]:
    """Returns the jaxpr of f and the shapes of its results, for arguments of a dtype."""
    args = structure.unflatten([jax.ShapeDtypeStruct(shape, dtype) for shape in shapes])

    def anew(*args: Any) -> Any:  # JAX keeps traces by the identity of a function
        return f(*args)

    with jax.enable_x64(dtype == np.float64):
        return jax.make_jaxpr(anew, return_shape=True)(*args)


_kept_trace = functools.lru_cache(maxsize=_TRACES)(_trace)


def _apply(analysis: Analysis, eqn: Any, operands: Sequence[Enclosure]) -> list[Enclosure]:
    name = eqn.primitive.name
    rule = RULES.get(name)
    if rule is None:
        raise NotImplementedError(
            f"roundoff has no rule for the primitive {name!r}; rules are in "
            "compare/evidence/rounding/primitives"
        )
    if name in MOVED:
        return [rule(analysis, eqn, *operands)]
    (result,) = eqn.outvars
    dtypes = (atom.aval.dtype for atom in eqn.invars)
    read = list(map(analysis.as_read, operands, dtypes))
    found = rule(analysis, eqn, *read)
    if name in VANISHING and jnp.issubdtype(result.aval.dtype, jnp.floating):
        found = analysis.may_vanish(found, result.aval.dtype, *read)
    if name in ROUNDED:
        found = analysis.as_made(found, result.aval.dtype)
    return [analysis.compiled_apart(dataclasses.replace(found, flushed=True))]
