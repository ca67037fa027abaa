"""A reference as a graph: what every place and every result is computed of."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from compare.evidence.local.specification import Specification
from compare.evidence.rounding.interpreter import interpret
from compare.evidence.rounding.kinds import is_key
from compare.problem.cuts import cotangent_name
from compare.problem.occurrences import Occurrences
from compare.problem.recording import Arrays, Key, key_of


@dataclasses.dataclass(frozen=True, eq=False)
class Step:
    """One equation, and what it reads."""

    number: int  # in the order of the program
    eqn: Any
    operands: tuple["Node", ...]

    @property
    def name(self) -> str:
        """The name of its primitive."""
        return str(self.eqn.primitive.name)


@dataclasses.dataclass(frozen=True, eq=False)
class Node:
    """A value.

    Attributes:
      shape: of it.
      dtype: of it.
      step: that makes it; None of what is given.
      which: of the results of that step.
      given: the array, where it is an argument, a constant or was recorded.
      name: of the argument or the place; '' of all else.
      is_constant: whether it is part of the program.
      is_place: whether it was recorded at a place.
    """

    shape: tuple[int, ...]
    dtype: Any
    step: Step | None = None
    which: int = 0
    given: Any = None
    name: str = ""
    is_constant: bool = False
    is_place: bool = False

    @property
    def operands(self) -> tuple["Node", ...]:
        """What it is made of."""
        return self.step.operands if self.step else ()

    @property
    def primitive(self) -> str:
        """The name of the primitive that makes it; '' of what is given."""
        return self.step.name if self.step else ""

    @functools.cached_property
    def steps(self) -> tuple[Step, ...]:
        """All that it takes to make it from what is given, in the order of the program."""
        found: dict[int, Step] = {}
        todo = [self]
        while todo:
            step = todo.pop().step
            if step is not None and step.number not in found:
                found[step.number] = step
                todo.extend(step.operands)
        return tuple(found[number] for number in sorted(found))

    @property
    def is_number(self) -> bool:
        """Whether it is a lone floating-point number of the program."""
        return self.is_constant and not self.shape and np.issubdtype(self.dtype, np.floating)


@dataclasses.dataclass(frozen=True)
class Graph:
    """A reference that goes on from what was recorded.

    Attributes:
      targets: (kind, name) of every place and result -> what is expected there.
      sources: name -> the arguments, and what was recorded at places, in the order of the program.
      before: (kind, name) of every place -> how many places were recorded before it.
    """

    targets: dict[Key, Node]
    sources: dict[str, Node]
    before: dict[Key, int]

    def earlier(self, key: Key) -> list[Node]:
        """Returns the arguments and places that come before a place or result."""
        arguments = [one for one in self.sources.values() if not one.is_place]
        places = [one for one in self.sources.values() if one.is_place]
        return [*arguments, *places[: self.before.get(key, len(places))]]


def graph_of(specification: Specification, places: Arrays) -> Graph:
    """Follows the equations of a reference; a loop is one step, and has no places."""
    walk = _Walk(places)
    closed, names = specification.traced.closed, specification.problem.arguments.array_names
    arrays = specification.traced.arrays
    labels = [*names, *map(cotangent_name, sorted(specification.problem.cotangents))]
    inputs = [
        Node(var.aval.shape, var.aval.dtype, given=_cast(one, var.aval.dtype), name=name)
        for var, one, name in zip(closed.jaxpr.invars, arrays, labels, strict=True)
    ]
    results = interpret(
        closed, inputs, constant=_constant, apply=walk.apply, within=walk.occurrences.within
    )
    targets = walk.targets | dict(zip(specification.names, results, strict=True))
    arguments = {one.name: one for one in inputs if one.name}
    return Graph(targets, arguments | walk.recorded, walk.before)


class _Walk:
    """What is known on the way."""

    def __init__(self, places: Arrays) -> None:
        self.occurrences = Occurrences()
        self.targets: dict[Key, Node] = {}
        self.recorded: dict[str, Node] = {}
        self.before: dict[Key, int] = {}
        self._places, self._count = places, 0

    def apply(self, eqn: Any, operands: Sequence[Node]) -> list[Node]:
        """Adds an equation."""
        if eqn.primitive.name == "name":
            made = operands[0]
            # of a place that is another one as it is only the one may be changed
            made = self._made(eqn, operands)[0] if made.is_place else made
            return [self._named(eqn.params["name"], made)]
        return self._made(eqn, operands)

    def _made(self, eqn: Any, operands: Sequence[Node]) -> list[Node]:
        self._count += 1
        step = Step(self._count, eqn, tuple(operands))
        return [
            Node(var.aval.shape, var.aval.dtype, step, which)
            for which, var in enumerate(eqn.outvars)
        ]

    def _named(self, name: str, made: Node) -> Node:
        place = self.occurrences.next(name)
        if place is not None:
            self.targets[key_of(place)] = made
            self.before[key_of(place)] = len(self.recorded)
        known = place or self.occurrences.before(name) or ""
        if known in self.recorded:
            return self.recorded[known]
        found = self._places.get(known)
        if found is None or found.shape != made.shape:
            return made
        self.recorded[known] = Node(made.shape, made.dtype, given=found, name=known, is_place=True)
        return self.recorded[known]


def _constant(value: np.ndarray) -> Node:
    return Node(value.shape, value.dtype, given=value, is_constant=True)


def _cast(array: Any, dtype: Any) -> Any:
    return array if is_key(dtype) else np.asarray(array).astype(dtype)
