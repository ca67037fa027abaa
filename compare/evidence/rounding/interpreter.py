"""A jaxpr, evaluated on values of any kind: errors beside numbers, or nodes of a graph."""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

Value = TypeVar("Value")
Equation = Any  # jax.extend.core, which names the types of JAX, loads slowly
ClosedJaxpr = Any

# primitive that calls a function -> the parameter that is the function
_CALLS = MappingProxyType(
    {
        "jit": "jaxpr",
        "pjit": "jaxpr",
        "closed_call": "call_jaxpr",
        "custom_jvp_call": "call_jaxpr",
        "custom_vjp_call": "call_jaxpr",
    }
)


def interpret(
    closed: ClosedJaxpr,
    args: Sequence[Value],
    *,
    constant: Callable[[np.ndarray], Value],
    apply: Callable[[Equation, Sequence[Value]], Sequence[Value]],
) -> list[Value]:
    """Evaluates a jaxpr; functions that it calls are evaluated in place.

    Args:
      closed: what `jax.make_jaxpr` returns.
      args: one for each input.
      constant: makes a value of a number in the text of the jaxpr, or of an array it has captured.
      apply: what an equation makes of its operands, one value for each result. Calls never come;
        loops and branches (scan, while, cond) do, as one equation.

    Returns:
      One value for each output.
    """
    jaxpr = closed.jaxpr
    known = dict(zip(jaxpr.constvars, map(constant, closed.consts), strict=True))
    known |= zip(jaxpr.invars, args, strict=True)

    def read(atom: Any) -> Value:
        return constant(np.asarray(atom.val)) if hasattr(atom, "val") else known[atom]

    for eqn in jaxpr.eqns:
        operands = [read(atom) for atom in eqn.invars]
        if eqn.primitive.name in _CALLS:
            function = eqn.params[_CALLS[eqn.primitive.name]]
            results: Sequence[Value] = interpret(function, operands, constant=constant, apply=apply)
        else:
            results = apply(eqn, operands)
        known |= zip(eqn.outvars, results, strict=True)
    return [read(atom) for atom in jaxpr.outvars]
