"""How a model is called with the arguments of a reference whose conventions are others."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from compare.problem.function import Call

_FEWEST_AXES = 3  # of an array that has channels beside samples


class Adapter(NamedTuple):
    """A way to call a model.

    Attributes:
      said: what it does, as remarks say it; '' if nothing.
      wrap: takes a function of the model's inputs that returns (outputs, statistics), and returns
        one of the reference's.
    """

    said: str
    wrap: Callable[[Call], Call]


def _as_it_is(call: Call) -> Call:
    return call


def _per_sample(call: Call) -> Call:
    """Lets a model of one sample take a batch, as `jax.vmap` does; statistics are of the batch."""

    def batched(*inputs: Any) -> Any:
        axes = tuple(0 if hasattr(one, "ndim") and one.ndim else None for one in inputs)
        mapped = jax.vmap(call, in_axes=axes, out_axes=(0, None), axis_name="batch")
        return mapped(*inputs)

    return batched


def _moving(source: int, target: int) -> Callable[[Call], Call]:
    """Returns a wrapper that moves an axis of every input there, and back in every output."""

    def wrap(call: Call) -> Call:
        def moved(*inputs: Any) -> Any:
            own = jax.tree.map(lambda one: _moved(one, source, target), inputs)
            outputs, statistics = call(*own)
            return jax.tree.map(lambda one: _moved(one, target, source), outputs), statistics

        return moved

    return wrap


def _moved(array: Any, source: int, target: int) -> Any:
    if getattr(array, "ndim", 0) < _FEWEST_AXES:
        return array
    if hasattr(array, "detach"):
        return array.movedim(source, target)
    return jnp.moveaxis(array, source, target)


AS_IT_IS = Adapter("", _as_it_is)
PER_SAMPLE = Adapter("sample by sample", _per_sample)
_CHANNELS = (
    AS_IT_IS,
    Adapter("with channels last", _moving(1, -1)),
    Adapter("with channels first", _moving(-1, 1)),
)


def of_inputs(inputs: Callable[..., Any]) -> Adapter:
    """Returns the adapter of a user's function, which makes inputs of those of the reference."""

    def wrap(call: Call) -> Call:
        def adapted(*given: Any) -> Any:
            own = inputs(*given)
            return call(*own) if isinstance(own, tuple) else call(own)

        return adapted

    return Adapter("", wrap)


def adapters(*, of_one_sample: bool) -> Iterator[Adapter]:
    """Yields the ways to call a model, the plainest first.

    Args:
      of_one_sample: whether it may be a model of one sample.
    """
    batches = (AS_IT_IS, PER_SAMPLE) if of_one_sample else (AS_IT_IS,)
    for channels, batch in itertools.product(_CHANNELS, batches):
        yield _both(channels, batch)


def _both(outer: Adapter, inner: Adapter) -> Adapter:
    said = ", ".join(filter(None, (outer.said, inner.said)))
    return Adapter(said, lambda call: outer.wrap(inner.wrap(call)))
