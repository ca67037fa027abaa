"""What a reference computes if it goes on from arrays of another program at some places."""

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params

from compare.evidence.rounding.interpreter import CALLS, interpret
from compare.problem.function import FunctionProblem
from compare.problem.occurrences import Occurrences
from compare.problem.recording import Arrays, Recording


class Continuation:
    """Computes a problem from what is given at its places.

    It evaluates equation by equation: to compile them takes longer than a few evaluations.
    """

    def __init__(self, problem: FunctionProblem) -> None:
        """Takes a problem whose call has cuts.

        Places in loops and branches cannot be given, and are left out.
        """
        self._inputs = problem.arguments.arrays, problem.cotangents
        self._problem, self._is_wide = problem, problem.dtype == np.float64

    @functools.cached_property
    def places(self) -> tuple[str, ...]:
        """The names of values and cotangents in the order of the program."""

        def names(*inputs: Any) -> list[Any]:
            walk = _Walk({}, self._traced.inside)
            walk.through(self._traced.closed, jax.tree.leaves(inputs))
            order.extend(walk.found)
            return []

        order: list[str] = []
        with jax.enable_x64(self._is_wide):
            jax.eval_shape(names, *self._inputs)
        return tuple(order)

    def __call__(self, given: Arrays) -> Recording:
        """Computes what stands at all places and all results, each from what was given before it.

        Args:
          given: values and cotangents by places.
        """
        with jax.enable_x64(self._is_wide):
            closed, made, inside = self._traced
            walk = _Walk(given, inside)
            found = walk.through(closed, list(map(jnp.asarray, jax.tree.leaves(self._inputs))))
            results = jax.tree.unflatten(jax.tree.structure(made), found)
        outputs, statistics, gradients = (_arrays(group) for group in results)
        return Recording(outputs, gradients, statistics, _arrays(walk.found))

    @functools.cached_property
    def _traced(self) -> "_Traced":
        with jax.enable_x64(self._is_wide):
            closed, made = jax.make_jaxpr(self._problem.results, return_shape=True)(*self._inputs)
        return _Traced(closed, made, frozenset(_names_inside(closed.jaxpr)))


class _Traced(NamedTuple):
    """A problem as equations: what they make, and the names of places in loops and branches."""

    closed: Any
    made: Any
    inside: frozenset[str]


def _arrays(group: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.asarray(one) for name, one in group.items()}


class _Walk:
    """One pass through a program.

    Attributes:
      found: place -> what is computed there, whatever was given; in the order of the program.
    """

    def __init__(self, given: Arrays, inside: Collection[str]) -> None:
        self.found: dict[str, Any] = {}
        self._given, self._inside = given, inside
        self._used: dict[str, Any] = {}
        self._occurrences = Occurrences()

    def through(self, closed: Any, args: Sequence[Any]) -> list[Any]:
        """Evaluates a jaxpr."""
        return interpret(
            closed, args, constant=jnp.asarray, apply=self._apply, within=self._occurrences.within
        )

    def _apply(self, eqn: Any, operands: Sequence[Any]) -> Sequence[Any]:
        if eqn.primitive.name == "name" and eqn.params["name"] not in self._inside:
            return [self._note(eqn.params["name"], operands[0])]
        made = eqn.primitive.bind(*operands, **eqn.params)
        return made if eqn.primitive.multiple_results else [made]

    def _note(self, name: str, value: Any) -> Any:
        place = self._occurrences.next(name)
        if place is None:  # computed once more
            return self._used.get(self._occurrences.before(name) or "", value)
        self.found[place] = value
        self._used[place] = jnp.asarray(self._given.get(place, value), value.dtype)
        return self._used[place]


def _names_inside(jaxpr: Any, *, is_inside: bool = False) -> list[str]:
    """Returns the names of places in loops and branches."""
    found = []
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "name" and is_inside:
            found.append(eqn.params["name"])
        deeper = is_inside or eqn.primitive.name not in CALLS
        for inner in jaxprs_in_params(eqn.params):
            found += _names_inside(inner, is_inside=deeper)
    return found
