"""Rounding error analysis as a JAX transformation.

`roundoff(f, dtype)` runs the jaxpr of any JAX function in float64 and carries, for every value v,
a bound e >= |what dtype arithmetic makes of it - the exact value|. Two programs that evaluate one
formula in any order of summation, with or without fused multiply-add or flush-to-zero, then differ
by at most e_a + e_b. For the roots of a quadratic, say:

    >>> def smaller_root(b, c):
    ...     return (-b + jnp.sqrt(b * b - 4 * c)) / 2
    >>> value, bound = roundoff(smaller_root, np.float32)(np.float32(1e4), np.float32(1.0))
    >>> bool(bound > abs(value))  # cancellation: float32 knows nothing of this root
    True

The running error analysis is Higham's (Accuracy and Stability of Numerical Algorithms, section
3.3), with u = 2^-p the unit roundoff, gamma_n = n u / (1 - n u) and lam the smallest normal number,
which a library may flush to zero; `arithmetic` has these, and what matrix products make of them.
Two readings: `worst` adds magnitudes and is a proof; `typical` takes the root of the sum of
squares, the scale that real errors have, and is statistical.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.evidence.rounding.rules import RULES, Array, Bounded

_TRACES = 16  # kept
READINGS = ("worst", "typical")


def roundoff(
    f: Callable[..., Any],
    dtype: np.typing.DTypeLike,
    *,
    reading: str = "worst",
    rounded_inputs: bool = False,
    arithmetic: Arithmetic | None = None,
) -> Callable[..., tuple[Any, Any]]:
    """Makes of f a function that returns (values, bounds), both float64 with f's structure.

    Args:
      f: a JAX function; `vmap`, `grad` and `jit` of one are welcome.
      dtype: in which f is computed: arguments are cast to it and taken to be exact.
      reading: 'worst' or 'typical'.
      rounded_inputs: whether f is meant at the arguments as given, in float64 if need be. One that
        does not exist in dtype then carries the bound u |a| of rounding it; so float32 weights are
        given to a program that answers in bfloat16.
      arithmetic: how matrix products of that dtype are computed; None for by operations of it.

    Returns:
      A function of f's arguments, arrays or pytrees of arrays. Under `jax.jit` it has to be traced
      with x64 enabled; outside it computes in NumPy and compiles nothing. A bound is infinite where
      nothing can be said.

    Raises:
      NotImplementedError: from that function, naming a primitive that has no rule.
      ValueError: for an unknown reading.
    """
    if reading not in READINGS:
        raise ValueError(f"reading: expected one of {', '.join(READINGS)}, got {reading!r}")
    dtype = np.dtype(dtype)
    arithmetic = arithmetic or plain_arithmetic(dtype)

    def analysed(*args: Any) -> tuple[Any, Any]:
        leaves, args_structure = jax.tree.flatten(args)
        tracing = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)
        with jax.enable_x64(True):
            closed, out_shapes = _trace(f, dtype, args_structure, tuple(map(np.shape, leaves)))
            xp = jnp if tracing else np
            interpreter = _Interpreter(xp, reading, arithmetic)
            with np.errstate(all="ignore"):
                enter = interpreter.rounded if rounded_inputs else interpreter.cast
                outs = interpreter.run(closed, [enter(xp.asarray(leaf), dtype) for leaf in leaves])
        structure: Any = jax.tree.structure(out_shapes)
        # A square of less than this is 0 in float64, and so such errors have no typical scale.
        least = 0.0 if reading == "worst" else math.sqrt(np.finfo(np.float64).smallest_normal)
        limits = [xp.maximum(out.error, least) for out in outs]
        slack = 2.0 if dtype == np.float64 else 1.0  # the bound is no more precise than the value
        errors = [slack * xp.where(xp.isnan(limit), np.inf, limit) for limit in limits]
        return structure.unflatten([out.value for out in outs]), structure.unflatten(errors)

    return analysed


@functools.lru_cache(maxsize=_TRACES)
def _trace(
    f: Callable[..., Any], dtype: np.dtype, structure: Any, shapes: tuple[tuple[int, ...], ...]
) -> tuple[Any, Any]:
    """Returns f's jaxpr and the shapes that it returns, for arguments of a dtype."""
    args = structure.unflatten([jax.ShapeDtypeStruct(shape, dtype) for shape in shapes])
    return jax.make_jaxpr(f, return_shape=True)(*args)


class _Interpreter:
    """Evaluates jaxprs on Bounded values with NumPy, or with jax.numpy under a trace."""

    def __init__(self, xp: Any, reading: str, arithmetic: Arithmetic) -> None:
        self.xp = xp
        self.worst = reading == "worst"
        self._arithmetic = arithmetic

    def arithmetic(self, dtype: Any) -> Arithmetic | None:
        if not jnp.issubdtype(dtype, jnp.floating):
            return None
        return self._arithmetic if dtype == self._arithmetic.dtype else plain_arithmetic(dtype)

    def exact(self, value: Array) -> Bounded:
        if value.dtype == bool:
            return Bounded(value, self.xp.zeros(value.shape, bool))
        wide = value.astype(np.float64) if jnp.issubdtype(value.dtype, jnp.floating) else value
        return Bounded(wide, self.xp.zeros(value.shape))

    def cast(self, value: Array, dtype: np.dtype) -> Bounded:
        return self.exact(value.astype(dtype))

    def rounded(self, value: Array, dtype: np.dtype) -> Bounded:
        """Takes a value that is rounded to dtype on its way in."""
        plain, wide = plain_arithmetic(dtype), self.exact(value).value.astype(np.float64)
        error = plain.u * self.xp.abs(wide) + plain.lam
        error = self.xp.where(value.astype(dtype).astype(np.float64) == wide, 0.0, error)
        return self.within_range(Bounded(wide, error), dtype)

    def run(self, closed: Any, args: Sequence[Bounded]) -> list[Bounded]:
        known: dict[Any, Bounded] = {}

        def read(atom: Any) -> Bounded:
            if hasattr(atom, "val"):  # a literal; jax.extend.core, which names it, loads slowly
                return self.exact(self.xp.asarray(np.asarray(atom.val)))
            return known[atom]

        jaxpr = closed.jaxpr
        consts = [self.exact(self.xp.asarray(const)) for const in closed.consts]
        known.update(zip(jaxpr.constvars, consts, strict=True))
        known.update(zip(jaxpr.invars, args, strict=True))
        for eqn in jaxpr.eqns:
            rule = RULES.get(eqn.primitive.name)
            if rule is None:
                raise NotImplementedError(
                    f"roundoff has no rule for the primitive {eqn.primitive.name!r}; rules are in "
                    "compare/evidence/rounding/rules.py"
                )
            made = rule(self, eqn, *map(read, eqn.invars))
            for var, one in zip(
                eqn.outvars, made if isinstance(made, list) else [made], strict=True
            ):
                known[var] = self.within_range(one, var.aval.dtype)
        return [read(atom) for atom in jaxpr.outvars]

    def within_range(self, one: Bounded, dtype: Any) -> Bounded:
        """Says nothing of a value that may have overflowed in its dtype."""
        if not jnp.issubdtype(dtype, jnp.floating):
            return one
        fits = self.xp.abs(one.value) + one.error <= float(jnp.finfo(dtype).max)
        return dataclasses.replace(one, error=self.xp.where(fits, one.error, np.inf))

    def total(self, *errors: Array) -> Array:
        """Adds independent errors: their sum, or the root of the sum of their squares."""
        if self.worst:
            return sum(errors)
        return self.xp.sqrt(sum(error * error for error in errors))
