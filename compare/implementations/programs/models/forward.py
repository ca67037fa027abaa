"""A forward with places, where it computes what the forward without them does."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
from jax.extend.core import jaxprs_in_params

from compare.problem.function import Call

_DRAWS = {"random_bits", "random_gamma", "rng_bit_generator", "rng_uniform"}


class Trace(NamedTuple):
    """What a forward computes.

    Attributes:
      equations: names of operations and the shapes that they make, without those of places.
      outputs: their structure.
    """

    equations: list[Any]
    outputs: Any

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers."""
        return any(name in _DRAWS for name, _ in self.equations)


def forward_with_places(
    plain: Call, with_places: Call, check: Callable[[Trace, Sequence[Any]], None]
) -> Call:
    """Returns the forward with places, which is the plain one wherever they would change it.

    A program that asks what class a submodule is of might do something else with places.

    Args:
      plain: the forward as it is.
      with_places: the same, in which submodules name what they return.
      check: raises where the plain one, at its inputs, is none to compare.
    """

    def call(state: Any, *inputs: Any) -> Any:
        expected = _trace(plain, state, inputs)
        check(expected, inputs)
        try:
            found = _trace(with_places, state, inputs)
        except Exception:  # as two submodules of one class that are of two now
            return plain(state, *inputs)
        return (with_places if found == expected else plain)(state, *inputs)

    return call


def _trace(call: Call, state: Any, inputs: Sequence[Any]) -> Trace:
    """Traces a forward by itself, so that what it names is of no other."""
    structure: Any
    leaves, structure = jax.tree.flatten((state, inputs))
    shapes = [jax.typeof(one) if _has_shape(one) else None for one in leaves]
    shapes = [one and jax.ShapeDtypeStruct(one.shape, one.dtype) for one in shapes]
    outputs = []

    def made(arrays: Sequence[Any]) -> Any:
        pairs = zip(arrays, leaves, strict=True)
        own, given = structure.unflatten([one if array is None else array for array, one in pairs])
        results = call(own, *given)
        found, tree = jax.tree.flatten(results)
        outputs.append(tree)
        return [one for one in found if _has_shape(one)]

    traced = jax.make_jaxpr(made)(shapes)
    return Trace(list(_equations(traced.jaxpr)), outputs[-1])


def _has_shape(one: Any) -> bool:
    return hasattr(one, "shape") and hasattr(one, "dtype")


def _equations(jaxpr: Any) -> Iterator[tuple[str, Any]]:
    for eqn in jaxpr.eqns:
        inner = [one for found in jaxprs_in_params(eqn.params) for one in _equations(found)]
        is_place = eqn.primitive.name == "custom_vjp_call" and not inner
        if eqn.primitive.name != "name" and not is_place:
            yield eqn.primitive.name, tuple(str(one.aval) for one in eqn.outvars)
            yield from inner
