"""Models of Equinox, which hold their weights, as functions of these by their names."""

import dataclasses
import inspect
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.errors import RAISED, UsageError
from compare.implementations.programs.model import JaxModel
from compare.implementations.programs.models.checks import (
    chance,
    check_call,
    check_inputs,
    check_numbers,
    check_present,
)
from compare.implementations.programs.models.equinox_samples import note_linear, of_samples
from compare.implementations.programs.models.equinox_states import (
    check_state,
    over_batch,
    state_paths,
    without_state,
)
from compare.implementations.programs.models.float_leaves import float_leaves
from compare.implementations.programs.models.forward import Trace, forward_with_places
from compare.implementations.programs.models.leaves import Leaves
from compare.implementations.programs.models.names import Path, dotted, names_of
from compare.implementations.programs.models.submodules import cut_parts, name_calls
from compare.problem.function import is_float

_KIND = "Equinox"
_WRAPPED = ("_fun", "func", "__self__")  # what wrappers of Equinox call what they wrap
_STATE = 1  # in the pair (module, state)
_ADVICE = "pass equinox.nn.inference_mode(model)"


def is_equinox(value: Any) -> bool:
    """Whether this is a module of Equinox that holds arrays; Equinox is not loaded to find out.

    One without is a function, as what `equinox.filter_jit` makes of one is.
    """
    equinox = sys.modules.get("equinox")
    if equinox is None or not issubclass(type(value), equinox.Module):
        return False
    return any(hasattr(leaf, "dtype") for leaf in jax.tree.leaves(value))


class _Parts(NamedTuple):
    """A module and its state.

    Attributes:
      pair: (module, state), as a tree of arrays by their names.
      of_state: names of all that the state holds, in its order.
      parameters: names of the floating-point numbers that are trained.
      buffers: of those that are not.
    """

    pair: Leaves
    of_state: list[str]
    parameters: list[str]
    buffers: list[str]

    def weights(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Returns those of some names."""
        arrays = self.pair.arrays
        return {name: arrays[name] for name in names}


def equinox_model(module: Any, state: Any = None) -> JaxModel:
    """Returns a module of Equinox, in the mode that it is in, as a function of its weights.

    All its arrays of floating-point numbers are parameters, as `equinox.is_inexact_array` has it,
    and those of its state are buffers. A key that it has to be called with is a fixed one, of
    which it must draw nothing.

    Args:
      module: nothing in it is changed.
      state: an `equinox.nn.State`, if it is called with one and returns a new one.

    Raises:
      UsageError: for one without numbers or without its state; by the call for inputs that it does
        not take, and for a forward that draws random numbers.
    """
    check_call(_KIND, module)
    check_present(_KIND, _layers(module), "weight")
    check_state(_KIND, state)
    parts = _parts(module, state)
    _, structure = jax.tree.flatten((_with_places(module), state))
    own = parts._replace(pair=dataclasses.replace(parts.pair, structure=structure))

    forward = forward_with_places(
        lambda arrays, *inputs: _called(parts, arrays, inputs),
        lambda arrays, *inputs: _called(own, arrays, inputs),
        lambda trace, inputs: _check_chance(module, _named(module, state, inputs), trace),
    )
    call = of_samples(_KIND, module, forward)
    return JaxModel(_KIND, parts.weights(parts.parameters), parts.weights(parts.buffers), call)


def _parts(module: Any, state: Any) -> _Parts:
    pairs, structure = jax.tree_util.tree_flatten_with_path((module, state))
    advice = "make the model itself, not by equinox.filter_eval_shape"
    check_numbers(_KIND, [(_steps(path[1:]), leaf) for path, leaf in pairs], advice=advice)
    states = state_paths(_KIND, module, state)
    names = names_of([_steps(states.get(path, path[1:])) for path, _ in pairs])
    leaves = [leaf for _, leaf in pairs]
    found = float_leaves(_KIND, structure, names, leaves)
    floats = {name for name, one in found.arrays.items() if is_float(one)}
    by_path = {path: name for (path, _), name in zip(pairs, names, strict=True)}
    return _Parts(
        found,
        [name for path, name in by_path.items() if path[0].idx == _STATE],
        [name for path, name in by_path.items() if name in floats and path not in states],
        [name for path, name in by_path.items() if name in floats and path in states],
    )


def _steps(path: Path) -> Path:
    """Returns a path without the steps into what wraps a module."""
    return tuple(step for step in path if getattr(step, "name", None) not in _WRAPPED)


def _modules(module: Any) -> Iterator[tuple[Path, Any]]:
    """Yields a module and all submodules, with their paths."""
    import equinox

    yield (), module
    for step, one in jax.tree_util.tree_flatten_with_path(
        module, is_leaf=lambda one: one is not module and isinstance(one, equinox.Module)
    )[0]:
        if isinstance(one, equinox.Module):
            yield from ((step + path, inner) for path, inner in _modules(one))


def _layers(module: Any) -> Iterator[tuple[Path, Any]]:
    """Yields the submodules that have a weight always, with their paths."""
    from equinox.nn import Conv, ConvTranspose, Embedding, Linear

    kinds = (Conv, ConvTranspose, Embedding, Linear)
    return ((path, one) for path, one in _modules(module) if isinstance(one, kinds))


def _with_places(module: Any, path: Path = ()) -> Any:
    """Returns a copy of a module whose submodules name what they return."""
    import equinox

    structure: Any
    pairs, structure = jax.tree_util.tree_flatten_with_path(
        module, is_leaf=lambda one: one is not module and isinstance(one, equinox.Module)
    )
    own = structure.unflatten(
        _with_places(one, path + step) if isinstance(one, equinox.Module) else one
        for step, one in pairs
    )
    place = dotted(_steps(path))
    if place and not type(module).__module__.startswith("equinox._"):
        name_calls(own, place, _cut_linear if isinstance(module, equinox.nn.Linear) else _cut)
    return own


def _cut(made: Any, place: str) -> Any:
    """Names what a submodule returns, but a new state, and weights of modules."""
    import equinox

    opaque = (equinox.Module, equinox.nn.State)
    outputs, state = without_state(made)
    if state is None or isinstance(outputs, tuple):
        return cut_parts(made, place, opaque=opaque)
    own = cut_parts(outputs, place, opaque=opaque)
    return tuple(own if one is outputs else one for one in made)


def _cut_linear(made: Any, place: str) -> Any:
    note_linear(made, place)
    return _cut(made, place)


def _named(module: Any, state: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    """Returns what a module is called with by name: its state, and a key that it has to have."""
    try:
        parameters = list(inspect.signature(module.__call__).parameters.values())
    except (TypeError, ValueError):
        return {}
    known = {one.name: one for one in parameters[len(inputs) :]}
    found = {} if state is None or "state" not in known else {"state": state}
    if "key" in known and known["key"].default is inspect.Parameter.empty:
        found["key"] = jax.random.key(0)
    return found


def _called(parts: _Parts, arrays: Any, inputs: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
    """Calls a module, and returns (outputs, the buffers that are others than before)."""
    before = {name: jnp.asarray(one) for name, one in arrays.items()}
    module, state = parts.pair.filled(before)
    structure: Any = jax.tree.structure(state)  # while it is the newest
    named = _named(module, state, inputs)
    if state is not None and "state" not in named:
        inputs = (*inputs, state)
    check_inputs(_KIND, module.__call__, inputs, named)
    try:
        made = over_batch(module)(*inputs, **named)
    except RAISED:
        told = None if "key" in named else _chance(module)  # a dropout needs one
        if told:
            raise told from None
        raise
    outputs, new = without_state(made)
    if new is None or jax.tree.structure(new) != structure:
        return outputs, {}
    after = dict(zip(parts.of_state, jax.tree.leaves(new), strict=True))
    return outputs, {
        name: after[name]
        for name in parts.buffers
        if name in after and after[name] is not before[name]
    }


def _check_chance(module: Any, named: dict[str, Any], trace: Trace) -> None:
    """Checks that a module draws nothing of a key of ours.

    Raises:
      UsageError: with a dropout that is on, if it has one.
    """
    if "key" in named and trace.draws:
        own = chance(_KIND, "one that draws from the key that it is called with", advice=_ADVICE)
        raise _chance(module) or own


def _chance(module: Any) -> UsageError | None:
    """Returns the error for the first dropout that is on."""
    from equinox.nn import Dropout

    for path, one in _modules(module):
        if isinstance(one, Dropout) and one.p and not one.inference:
            where = f"{_KIND}: {dotted(_steps(path))} (Dropout)"
            return chance(where, f"a dropout of {one.p}", advice=_ADVICE)
    return None
