"""The jaxpr of the gradient of one sample's loss, flat and without what nobody reads."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.activation_names import row_of
from compare.evidence.rounding.interpreter import interpret
from compare.problem.network import Network
from jaxmlp import ACTIVATIONS, FAMILIES, Layer, mlp
from jaxmlp.losses import LOSSES, penalty


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

    parameters: tuple[Layer, ...]  # w and b of each layer; b is None of a layer without one
    x: Variable
    y: Variable
    equations: tuple[Equation, ...]
    loss: Variable
    gradients: tuple[Layer, ...]  # dL/dw and dL/db, as the parameters are

    @property
    def arguments(self) -> tuple[Variable, ...]:
        """w1, b1, w2, b2, ..., x, y."""
        both = (one for layer in self.parameters for one in layer if one is not None)
        return (*both, self.x, self.y)


def gradient_program(network: Network, dtype: str) -> Program:
    """Traces jax.value_and_grad of the loss of one sample.

    Functions called inside, such as jax.nn.silu, are written out, and equations that no result
    needs are left out, as XLA does.
    """
    phis = tuple(row_of(one, ACTIVATIONS, FAMILIES) for one in network.activations)
    end = LOSSES[network.output, network.loss]

    def loss(params: Any, x: Any, y: Any) -> Any:
        value = mlp.loss(params, x, y, activation=phis, loss=end)
        return value + penalty(params, network.l2) if network.l2 else value

    pairs = enumerate(itertools.pairwise(network.layer_sizes))
    shapes = [((n, m), (m,) if network.has_bias(i) else None) for i, (n, m) in pairs]
    params = tuple(Layer(*(_shaped(one, dtype) for one in both)) for both in shapes)
    x, y = (_shaped((network.layer_sizes[i],), dtype) for i in (0, -1))
    with jax.enable_x64(dtype == "float64"):
        closed = jax.make_jaxpr(jax.value_and_grad(loss))(params, x, y)
    arguments, equations, results = _flat(closed)
    *leaves, x_in, y_in = arguments
    tree = jax.tree.structure(params)
    layers, gradients = (jax.tree.unflatten(tree, some) for some in (leaves, results[1:]))
    return Program(layers, x_in, y_in, equations, results[0], gradients)


def slope_steps(network: Network, dtype: str) -> int:
    """Counts the equations of the backward of the loss alone, as a function of yhat.

    They come first in the backward of a network; those are counted that depend on y.
    """
    distance = LOSSES["linear", network.loss]
    one = _shaped((network.layer_sizes[-1],), dtype)
    with jax.enable_x64(dtype == "float64"):
        closed = jax.make_jaxpr(jax.value_and_grad(distance.value))(one, one)
    (_, y), equations, results = _flat(closed)
    forward, made_of_y = ancestors(equations, results[:1]), descendants(equations, [y])
    return sum(equation.output in made_of_y - forward for equation in equations)


def ancestors(equations: Sequence[Equation], results: Sequence[Atom]) -> set[Variable]:
    """Returns all variables that the results are made of, themselves included."""
    found = {one for one in results if isinstance(one, Variable)}
    for equation in reversed(equations):
        if equation.output in found:
            found.update(equation.variables)
    return found


def descendants(equations: Sequence[Equation], variables: Iterable[Variable]) -> set[Variable]:
    """Returns all variables that are made of some, themselves included."""
    found = set(variables)
    for equation in equations:
        if not found.isdisjoint(equation.variables):
            found.add(equation.output)
    return found


def _shaped(shape: tuple[int, ...] | None, dtype: str) -> jax.ShapeDtypeStruct | None:
    return None if shape is None else jax.ShapeDtypeStruct(shape, np.dtype(dtype))


def _flat(
    closed: Any,
) -> tuple[tuple[Variable, ...], tuple[Equation, ...], tuple[Variable, ...]]:
    """Returns the arguments, the equations that the results need, and the results."""
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
    return arguments, kept, tuple(results)
