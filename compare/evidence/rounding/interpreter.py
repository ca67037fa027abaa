"""Evaluates a jaxpr on values of any kind: numbers with error bounds, or nodes of a graph."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

Value = TypeVar("Value")
Equation = Any  # jax.extend.core, which names the types of JAX, loads slowly
ClosedJaxpr = Any

# primitive that calls a function -> the parameter that is the function
CALLS = MappingProxyType(
    {
        "jit": "jaxpr",
        "pjit": "jaxpr",
        "closed_call": "call_jaxpr",
        "core_call": "call_jaxpr",
        "remat2": "jaxpr",
        "checkpoint": "jaxpr",
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
    within: Callable[[Equation], AbstractContextManager[object]] = contextlib.nullcontext,
) -> list[Value]:
    """Evaluates a jaxpr. A function that it calls is evaluated in place.

    Args:
      closed: what `jax.make_jaxpr` returns; that of remat has no constants of its own.
      args: one value for each input.
      constant: makes a value of a literal in the jaxpr, or of an array that it has captured.
      apply: evaluates an equation on its operands and returns one value for each result. It is
        never given a call, or an equation that no output needs. A loop or a branch (scan, while,
        cond) is one equation.
      within: makes of a call the context in which the equations of its function are evaluated.

    Returns:
      One value for each output.
    """
    jaxpr: Any = getattr(closed, "jaxpr", closed)
    known = dict(zip(jaxpr.constvars, map(constant, getattr(closed, "consts", ())), strict=True))
    known |= zip(jaxpr.invars, args, strict=True)

    def read(atom: Any) -> Value:
        if not hasattr(atom, "val"):
            return known[atom]
        return constant(np.asarray(atom.val, atom.aval.dtype))  # 0.2 may stand for float32's 0.2

    for eqn in needed(jaxpr):
        operands = [read(atom) for atom in eqn.invars]
        if eqn.primitive.name in CALLS:
            function = eqn.params[CALLS[eqn.primitive.name]]
            with within(eqn):
                results: Sequence[Value] = interpret(
                    function, operands, constant=constant, apply=apply, within=within
                )
        else:
            results = apply(eqn, operands)
        known |= zip(eqn.outvars, results, strict=True)
    return [read(atom) for atom in jaxpr.outvars]


def needed(jaxpr: Any) -> Iterator[Equation]:
    """Yields the equations that an output depends on, in order."""
    wanted, kept = {atom for atom in jaxpr.outvars if not hasattr(atom, "val")}, []
    for eqn in reversed(jaxpr.eqns):
        if not wanted.isdisjoint(eqn.outvars):
            wanted.update(atom for atom in eqn.invars if not hasattr(atom, "val"))
            kept.append(eqn)
    yield from reversed(kept)
