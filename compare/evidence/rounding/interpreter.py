"""Evaluates a jaxpr on values of any kind: numbers with error bounds, or nodes of a graph."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

Value = TypeVar("Value")
Equation = Any  # jax.extend.core, which names the types of JAX, loads slowly
ClosedJaxpr = Any
Function = Callable[[Sequence[Any]], Sequence[Any]]

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


class _Step(NamedTuple):
    """One equation of a jaxpr, with the identities of what it reads and makes."""

    reads: tuple[int, ...]
    run: Function
    makes: tuple[int, ...]
    frees: tuple[int, ...]  # what no later equation reads


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
    return prepared(closed, constant=constant, apply=apply, within=within)(args)


def prepared(
    closed: ClosedJaxpr,
    *,
    constant: Callable[[np.ndarray], Value],
    apply: Callable[[Equation, Sequence[Value]], Sequence[Value]],
    within: Callable[[Equation], AbstractContextManager[object]] = contextlib.nullcontext,
) -> Callable[[Sequence[Value]], list[Value]]:
    """Returns the function that a jaxpr is, for one that is evaluated many times; see `interpret`.

    Its constants are made once.
    """
    jaxpr: Any = getattr(closed, "jaxpr", closed)
    known: dict[int, Value] = dict(
        zip(map(id, jaxpr.constvars), map(constant, getattr(closed, "consts", ())), strict=True)
    )

    def place(atom: Any) -> int:
        if hasattr(atom, "val"):  # 0.2 may stand for float32's 0.2
            known[id(atom)] = constant(np.asarray(atom.val, atom.aval.dtype))
        return id(atom)

    steps = []
    for eqn in needed(jaxpr):
        run = functools.partial(apply, eqn)
        if eqn.primitive.name in CALLS:
            inner = eqn.params[CALLS[eqn.primitive.name]]
            function = prepared(inner, constant=constant, apply=apply, within=within)
            run = functools.partial(_called, within, eqn, function)
        steps.append(_Step(tuple(map(place, eqn.invars)), run, tuple(map(id, eqn.outvars)), ()))
    inputs, outputs = list(map(id, jaxpr.invars)), list(map(place, jaxpr.outvars))
    steps = _with_frees(steps, {*outputs, *known})

    def evaluate(args: Sequence[Value]) -> list[Value]:
        values = known | dict(zip(inputs, args, strict=True))
        for reads, run, makes, frees in steps:
            results = run([values[one] for one in reads])
            values.update(zip(makes, results, strict=True))
            for one in frees:
                del values[one]
        return [values[one] for one in outputs]

    return evaluate


def _with_frees(steps: Sequence[_Step], kept: set[int]) -> list[_Step]:
    """Adds what each step reads or makes as the last one, so that memory is free again."""
    seen, found = set(kept), []
    for step in reversed(steps):
        last = tuple({one for one in (*step.reads, *step.makes) if one not in seen})
        seen.update(last)
        found.append(step._replace(frees=last))
    return found[::-1]


def _called(
    within: Callable[[Equation], AbstractContextManager[object]],
    eqn: Equation,
    function: Function,
    args: Sequence[Any],
) -> Sequence[Any]:
    with within(eqn):
        return function(args)


def needed(jaxpr: Any) -> Iterator[Equation]:
    """Yields the equations that an output depends on, in order."""
    wanted, kept = {atom for atom in jaxpr.outvars if not hasattr(atom, "val")}, []
    for eqn in reversed(jaxpr.eqns):
        if not wanted.isdisjoint(eqn.outvars):
            wanted.update(atom for atom in eqn.invars if not hasattr(atom, "val"))
            kept.append(eqn)
    yield from reversed(kept)
