"""A function of JAX as an implementation: compiled, with all that `cut` names in it."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params

from compare.evidence.rounding.interpreter import interpret
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.devices import target
from compare.problem.function import Arguments, Call, FunctionProblem, Results, differentiate
from compare.problem.narrowest import digits
from compare.problem.occurrences import Occurrences, numbered
from compare.problem.recording import Recording
from compare.problem.structure import opened, restructured

# name of a place -> its values in order, each with a leading axis for the times that it came
Named = dict[str, Any]
Runner = Callable[[FunctionProblem], Recording]


def program(name: str, f: Callable[..., Any], device: str) -> Program:
    """Returns a function of JAX on a device as a program."""
    return call_program(name, as_call(f), device)


def call_program(name: str, call: Call, device: str) -> Program:
    """Returns a function of JAX, which may update something besides, as a program.

    What was compiled last in a dtype is used again for a problem that differs in numbers alone.
    """
    place = target("jax", device)
    kept: dict[np.dtype, tuple[FunctionProblem, Runner]] = {}

    def run_alike(problem: FunctionProblem) -> Recording:
        def alike(*args: Any) -> Any:
            outputs, statistics = call(*args)
            return restructured(outputs, problem.outputs, name), statistics

        with jax.default_device(place):
            if problem.dtype not in kept or not kept[problem.dtype][0].is_alike(problem):
                kept[problem.dtype] = problem, compiled(alike, problem)
            return kept[problem.dtype][1](problem)

    return Program(name, "jax", run_alike, device)


def reference(f: Callable[..., Any], arguments: Arguments, device: str) -> Reference:
    """Returns a function of JAX on a device as a reference."""
    return Reference(program("reference", f, device), arguments, lambda _: as_call(f))


def as_call(f: Callable[..., Any]) -> Call:
    """Returns a function that updates nothing besides."""
    return lambda *args: (opened(f(*args)), {})


def run(call: Call, problem: FunctionProblem) -> Recording:
    """Compiles a function with its gradients, and runs it.

    Args:
      call: in the place of that of the problem.
      problem: at whose arguments, against whose cotangents.
    """
    return compiled(call, problem)(problem)


def compiled(call: Call, problem: FunctionProblem) -> Runner:
    """Compiles a function with its gradients, for all problems that differ in numbers alone.

    To record places it is compiled anew, and may round otherwise than the function as it is.

    Args:
      call: in the place of that of the problem.
      problem: any of them.
    """

    def results(arrays: Sequence[Any], cotangents: dict[str, Any]) -> Results:
        return differentiate(call, problem.arguments, arrays, cotangents)

    traced = jax.jit(results).trace(problem.arguments.arrays, problem.cotangents)
    seen = digits(traced.jaxpr)._asdict()
    has_places = bool(_names(traced.jaxpr.jaxpr))
    whole = functools.cache(lambda: traced.lower().compile())
    with_places = jax.jit(recorded(results))

    def run_at(one: FunctionProblem) -> Recording:
        given = one.arguments.arrays, one.cotangents

        def plain() -> Recording:
            with jax.enable_x64(one.dtype == np.float64):
                made = whole()(*given)
            return dataclasses.replace(_recording(made), **seen)

        if not has_places:
            return plain()
        made, places = with_places(*given)
        lists = [(name, [np.asarray(each) for each in values]) for name, values in places.items()]
        return dataclasses.replace(_recording(made), places=numbered(lists), plain=plain, **seen)

    return run_at


def _recording(made: Results) -> Recording:
    groups = [{name: np.asarray(one) for name, one in group.items()} for group in made]
    return Recording(groups[0], groups[2], groups[1])


def recorded(f: Callable[..., Any]) -> Callable[..., tuple[Any, Named]]:
    """Returns a function that returns, beside what f does, the values of all named places.

    XLA makes every such value before it goes on, so that what is recorded is what was used.
    Places inside `cond` and `while_loop`, which may be passed any number of times, are left out.
    """

    def with_places(*args: Any) -> tuple[Any, Named]:
        closed, shape = jax.make_jaxpr(f, return_shape=True)(*args)
        walk = _Walk()
        results = walk.through(closed, jax.tree.leaves(args))
        return jax.tree.unflatten(jax.tree.structure(shape), results), walk.places()

    return with_places


class _Walk:
    """One pass through a program that notes the values of places."""

    def __init__(self, occurrences: Occurrences | None = None) -> None:
        self._occurrences = occurrences or Occurrences()
        self._values: dict[str, list[Any]] = {}  # name -> arrays [times, *shape]
        self._unknown: set[str] = set()  # names of places whose number cannot be known

    def through(self, closed: Any, args: Sequence[Any]) -> list[Any]:
        """Evaluates a jaxpr."""
        return interpret(
            closed, args, constant=jnp.asarray, apply=self._apply, within=self._occurrences.within
        )

    def places(self) -> Named:
        """Returns the values of all places that can be numbered."""
        return {
            name: jnp.concatenate(values)
            for name, values in self._values.items()
            if name not in self._unknown
        }

    def _apply(self, eqn: Any, operands: Sequence[Any]) -> Sequence[Any]:
        name = eqn.primitive.name
        if name == "name":
            return [self._note(eqn.params["name"], operands[0])]
        if name == "scan":
            return self._scan(eqn, operands)
        for inner in jaxprs_in_params(eqn.params):
            self._unknown |= set(_names(inner))
        made = eqn.primitive.bind(*operands, **eqn.params)
        return made if eqn.primitive.multiple_results else [made]

    def _note(self, name: str, value: Any) -> Any:
        if self._occurrences.next(name) is None:
            before = self._values.get(name, ())
            return before[0][0] if len(before) == 1 and len(before[0]) == 1 else value
        value = jax.lax.optimization_barrier(value)
        self._values.setdefault(name, []).append(value[None])
        return value

    def _scan(self, eqn: Any, operands: Sequence[Any]) -> Sequence[Any]:
        params = eqn.params
        n_consts, n_carry = params["num_consts"], params["num_carry"]
        consts, entries = operands[:n_consts], operands[n_consts + n_carry :]

        def step(carry: Any, entry: Any) -> tuple[Any, Any]:
            walk = _Walk(self._occurrences)
            made = walk.through(params["jaxpr"], [*consts, *carry, *entry])
            self._unknown |= walk._unknown
            return made[:n_carry], (made[n_carry:], walk.places())

        carry, (stacked, places) = jax.lax.scan(
            step,
            list(operands[n_consts : n_consts + n_carry]),
            list(entries),
            length=params["length"],
            reverse=params["reverse"],
        )
        for name, values in places.items():  # [steps, times a step, *shape]
            in_order = jnp.flip(values, 0) if params["reverse"] else values
            flat = in_order.reshape(-1, *values.shape[2:])
            self._values.setdefault(name, []).append(flat)
        return [*carry, *stacked]


def _names(jaxpr: Any) -> list[str]:
    """Returns the names of all places in a jaxpr."""
    inner = [
        name for eqn in jaxpr.eqns for one in jaxprs_in_params(eqn.params) for name in _names(one)
    ]
    return [eqn.params["name"] for eqn in jaxpr.eqns if eqn.primitive.name == "name"] + inner
