"""The jaxpr of the gradient of one sample's loss, flat and without what nobody reads."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.activation_names import row_of
from compare.evidence.rounding.interpreter import interpret
from jaxmlp import ACTIVATIONS, FAMILIES, Layer, mlp


@dataclasses.dataclass(frozen=True, eq=False)
class Variable:
    """An argument, or what an equation makes; one that is made twice is two."""

    aval: Any


@dataclasses.dataclass(frozen=True, eq=False)
class Constant:
    """A number in the text of the jaxpr, or an array that it has captured."""

    value: np.ndarray


Atom = Variable | Constant


class Equation(NamedTuple):
    """One primitive with one result."""

    primitive: Any
    params: Mapping[str, Any]
    inputs: tuple[Atom, ...]
    output: Variable

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The inputs that are no constants."""
        return tuple(atom for atom in self.inputs if isinstance(atom, Variable))


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


def gradient_program(layer_sizes: Sequence[int], activations: Sequence[str], dtype: str) -> Program:
    """Traces jax.value_and_grad of the loss of one sample.

    Functions called inside, such as jax.nn.silu, are written out, and equations that no result
    needs are left out, as XLA does.
    """

    def shaped(*shape: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(shape, np.dtype(dtype))

    phis = tuple(row_of(one, ACTIVATIONS, FAMILIES) for one in activations)

    def loss(params: Any, x: Any, y: Any) -> Any:
        return mlp.loss(params, x, y, activation=phis)

    with jax.enable_x64(dtype == "float64"):
        params = tuple(Layer(shaped(n, m), shaped(m)) for n, m in itertools.pairwise(layer_sizes))
        x, y = shaped(layer_sizes[0]), shaped(layer_sizes[-1])
        return _program(jax.make_jaxpr(jax.value_and_grad(loss))(params, x, y))


def ancestors(equations: Sequence[Equation], results: Sequence[Atom]) -> set[Variable]:
    """Returns all variables that the results are made of, themselves included."""
    found = {one for one in results if isinstance(one, Variable)}
    for equation in reversed(equations):
        if equation.output in found:
            found.update(equation.variables)
    return found


def _program(closed: Any) -> Program:
    equations = []

    def write(eqn: Any, inputs: Sequence[Atom]) -> list[Atom]:
        (result,) = eqn.outvars
        output = Variable(result.aval)
        equations.append(Equation(eqn.primitive, eqn.params, tuple(inputs), output))
        return [output]

    arguments = tuple(Variable(one.aval) for one in closed.jaxpr.invars)
    results: list[Any] = interpret(closed, arguments, constant=Constant, apply=write)
    needed = ancestors(equations, results)
    kept = tuple(equation for equation in equations if equation.output in needed)
    return Program(arguments, kept, tuple(results))
