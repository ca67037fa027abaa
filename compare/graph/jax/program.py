"""The jaxpr of the gradient of one sample's loss, flat and without what nobody reads."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxmlp import ACTIVATIONS, Layer, mlp

Variable = Any  # of a jaxpr, or a literal, which has a `val`


class Equation(NamedTuple):
    """One primitive with one result."""

    primitive: Any
    params: Mapping[str, Any]
    inputs: tuple[Variable, ...]  # literals among them
    output: Variable

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The inputs that are no literals."""
        return tuple(atom for atom in self.inputs if not is_literal(atom))


class Program(NamedTuple):
    """Equations in order."""

    arguments: tuple[Variable, ...]  # w1, b1, w2, b2, ..., x, y
    equations: tuple[Equation, ...]
    results: tuple[Variable, ...]  # the loss, then dL/dw1, dL/db1, dL/dw2, ...

    @property
    def layers(self) -> int:
        """How many there are."""
        return len(self.arguments) // 2 - 1

    def parameters(self, layer: int) -> tuple[Variable, ...]:
        """Returns w and b of a layer, counted from 1."""
        return self.arguments[2 * layer - 2 : 2 * layer]

    def gradients(self, layer: int) -> tuple[Variable, ...]:
        """Returns dL/dw and dL/db of a layer, counted from 1."""
        return self.results[2 * layer - 1 : 2 * layer + 1]


def gradient_program(layer_sizes: Sequence[int], activation: str, dtype: str) -> Program:
    """Traces jax.value_and_grad of the loss of one sample.

    Functions called inside, such as jax.nn.silu, are written out, and equations that no result
    needs are left out, as XLA does.
    """

    def shaped(*shape: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(shape, np.dtype(dtype))

    def loss(params: Any, x: Any, y: Any) -> Any:
        return mlp.loss(params, x, y, activation=ACTIVATIONS[activation])

    with jax.enable_x64(dtype == "float64"):
        params = tuple(Layer(shaped(n, m), shaped(m)) for n, m in itertools.pairwise(layer_sizes))
        x, y = shaped(layer_sizes[0]), shaped(layer_sizes[-1])
        closed = jax.make_jaxpr(jax.value_and_grad(loss))(params, x, y)
    known = _constants(closed)
    flat = tuple(_flat(closed.jaxpr, known))
    results = tuple(_read(known, atom) for atom in closed.jaxpr.outvars)
    needed = ancestors(flat, results)
    kept = tuple(equation for equation in flat if equation.output in needed)
    return Program(tuple(closed.jaxpr.invars), kept, results)


def is_literal(atom: Variable) -> bool:
    """Whether it is a number in the text of the jaxpr; jax.extend.core, with the class, is slow."""
    return hasattr(atom, "val")


def ancestors(equations: Sequence[Equation], results: Sequence[Variable]) -> set[Variable]:
    """Returns all variables that the results are made of, themselves included."""
    found = {one for one in results if not is_literal(one)}
    for equation in reversed(equations):
        if equation.output in found:
            found.update(equation.variables)
    return found


def _flat(jaxpr: Any, known: dict[Variable, Variable]) -> Iterator[Equation]:
    """Yields the equations of a jaxpr, and those of the jaxprs that it calls in their place."""
    for equation in jaxpr.eqns:
        inputs = tuple(_read(known, atom) for atom in equation.invars)
        called = equation.params.get("jaxpr") or equation.params.get("call_jaxpr")
        if called is None:
            (output,) = equation.outvars
            known[output] = _Variable(output.aval)
            yield Equation(equation.primitive, equation.params, inputs, known[output])
            continue
        inner = getattr(called, "jaxpr", called)
        scope = _constants(called) | dict(zip(inner.invars, inputs, strict=True))
        yield from _flat(inner, scope)
        results = (_read(scope, atom) for atom in inner.outvars)
        known.update(zip(equation.outvars, results, strict=True))


class _Variable:
    """The result of an equation; a jaxpr that is called twice has the same names both times."""

    def __init__(self, aval: Any) -> None:
        self.aval = aval


class _Constant(NamedTuple):
    """An array that the jaxpr has captured, read as a literal is."""

    val: Any


def _constants(closed: Any) -> dict[Variable, Variable]:
    """Returns what a jaxpr has captured; one that is not closed has captured nothing."""
    names = getattr(closed, "jaxpr", closed).constvars
    return dict(zip(names, map(_Constant, getattr(closed, "consts", ())), strict=True))


def _read(known: Mapping[Variable, Variable], atom: Variable) -> Variable:
    return atom if is_literal(atom) else known.get(atom, atom)
