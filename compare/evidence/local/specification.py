"""A problem as equations, which is what a certificate follows."""

import dataclasses
import functools
from collections.abc import Collection, Iterator, Sequence

import jax
import numpy as np

from compare.evidence.local.sources import Origins, origins
from compare.evidence.rounding.tracing import Trace, trace
from compare.problem.function import FunctionProblem, Results
from compare.problem.narrowest import Digits, digits
from compare.problem.recording import Key, key_of


@dataclasses.dataclass(frozen=True)
class Specification:
    """What a problem's results are computed by.

    Attributes:
      problem: of which.
      traced: its results, as a jaxpr at its arguments.
      origins: what every place and every result is computed of.
      names: (kind, name) of every result, in order.
      rounded_to: the dtype that every result and place is rounded to; that of the problem, or one
        of fewer digits.
    """

    problem: FunctionProblem
    traced: Trace
    origins: Origins
    names: tuple[Key, ...]
    rounded_to: np.dtype

    @property
    def places(self) -> dict[Key, tuple[int, ...]]:
        """The places in the order of the program, as (kind, name), with their shapes."""
        return {key_of(place): shape for place, shape in self.origins.shapes.items()}

    def unknown_before(self, key: Key, recorded: Collection[str]) -> frozenset[Key]:
        """Returns the places that a place or a result depends on and that a run did not record.

        Args:
          key: (kind, name) of it.
          recorded: the places that were; nothing before them counts.
        """
        places = {key_of(place): sources for place, sources in self.origins.places.items()}
        results = dict(zip(self.names, self.origins.results, strict=True))
        sources = (places | results).get(key, frozenset())
        return frozenset(map(key_of, self.origins.unknown(sources, recorded)))

    @functools.cached_property
    def digits(self) -> Digits:
        """How few digits numbers in it have."""
        return digits(self.traced.closed)

    @property
    def differentiated(self) -> list[bool]:
        """Of every input, whether the problem is differentiated by it."""
        given = self.problem.arguments
        arrays = [i for i, leaf in enumerate(given.leaves) if isinstance(leaf, np.ndarray)]
        return [i in given.wrt for i in arrays] + [False] * len(self.problem.cotangents)

    def at(self, problem: FunctionProblem) -> "Specification":
        """Returns the same equations at arguments that differ in their numbers alone."""
        arguments = problem.arguments.in_dtype(self.problem.dtype)
        known = dataclasses.replace(self.problem, arguments=arguments)
        arrays = tuple(jax.tree.leaves((arguments.arrays, known.cotangents)))
        return dataclasses.replace(self, problem=known, traced=self.traced._replace(arrays=arrays))


def specification(
    problem: FunctionProblem, *, rounded_to: np.dtype | None = None, quiet: Sequence[str] = ()
) -> Specification:
    """Traces a problem.

    Args:
      problem: of which.
      rounded_to: the dtype that results and places are rounded to, once each; None for that of the
        problem.
      quiet: names of arguments that are not worth telling as sources, such as weights.

    Raises:
      NotImplementedError: naming all primitives that have no rule.
      TypeError: for what JAX cannot trace.
    """
    arrays, cotangents = problem.arguments.arrays, problem.cotangents
    traced = trace(problem.results, problem.dtype, (arrays, cotangents), {})
    inputs = [*problem.arguments.array_names, *("" for _ in cotangents)]
    known = [name if name not in quiet else "" for name in inputs]
    names = traced.unflatten(range(len(traced.closed.out_avals)), lambda leaf: leaf)
    found = origins(traced.closed, known)
    return Specification(problem, traced, found, tuple(_named(names)), rounded_to or problem.dtype)


def _named(numbers: Results) -> Iterator[Key]:
    """Yields (kind, name) of results that are numbered in their order."""
    kinds = zip(("output", "statistic", "gradient"), numbers, strict=True)
    named = {i: (kind, name) for kind, group in kinds for name, i in group.items()}
    yield from (named[i] for i in range(len(named)))
