"""Models of Flax nnx, which hold their weights, as functions of these by their names."""

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
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
from compare.implementations.programs.models.float_leaves import float_leaves
from compare.implementations.programs.models.forward import Trace, forward_with_places
from compare.implementations.programs.models.leaves import Leaves
from compare.implementations.programs.models.names import Path, dotted, names_of
from compare.implementations.programs.models.submodules import cut_parts, name_calls
from compare.problem.function import is_float

_KIND = "Flax nnx"
_RNGS, _PARAMETERS, _OTHERS = 0, 1, 2  # groups of variables
_VALUE = jax.tree_util.GetAttrKey("value")  # the step from a variable to what it holds
_ADVICE = "call model.eval()"


def is_nnx(value: Any) -> bool:
    """Whether this is a module of Flax nnx; Flax is not loaded to find out."""
    nnx = sys.modules.get("flax.nnx")
    return nnx is not None and issubclass(type(value), nnx.Module)


class _Parts(NamedTuple):
    """What a module is made of.

    Attributes:
      graph: all but its variables.
      variables: by their names.
      names: path -> name.
    """

    graph: Any
    variables: Leaves
    names: dict[Path, str]

    def module(self, state: Any) -> Any:
        """Returns the module with other arrays in its variables, which are new ones."""
        from flax import nnx

        def own(one: Any) -> Any:  # of an array of NumPy a variable would change the entries
            return jnp.asarray(one) if isinstance(one, np.ndarray) else one

        return nnx.merge(self.graph, *jax.tree.map(own, self.variables.filled(state)))

    def weights(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Returns parameters and buffers, which are floating-point numbers, by name."""
        groups: list[dict[str, np.ndarray]] = [{}, {}, {}]
        arrays = self.variables.arrays
        for path, name in self.names.items():
            if is_float(arrays.get(name)):
                groups[path[0].idx][name] = arrays[name]
        return groups[_PARAMETERS], groups[_OTHERS]


def nnx_model(module: Any) -> JaxModel:
    """Returns a module of nnx, in the mode that it is in, as a function of its weights.

    Its `nnx.Param` are the parameters, and all other variables of floating-point numbers the
    buffers. Keys and counts of random numbers stay what they are.

    Args:
      module: nothing in it is changed.

    Raises:
      UsageError: for one without numbers; by the call for inputs that it does not take, and for a
        forward that draws random numbers.
    """
    check_call(_KIND, module)
    check_present(_KIND, _layers(module), "kernel", "embedding")
    parts = _parts(module)
    parameters, buffers = parts.weights()
    own = parts._replace(graph=_graph_with_places(parts))

    def call(parts: _Parts, state: Any, inputs: Sequence[Any]) -> Any:
        check_inputs(_KIND, module.__call__, inputs, {})
        return _called(parts, buffers, state, inputs)

    forward = forward_with_places(
        lambda state, *inputs: call(parts, state, inputs),
        lambda state, *inputs: call(own, state, inputs),
        lambda trace, _: _check_chance(module, trace),
    )
    return JaxModel(_KIND, parameters, buffers, forward)


def _parts(module: Any) -> _Parts:
    graph, groups = _split(module)
    paths, structure = jax.tree_util.tree_flatten_with_path(groups)
    own = [(_steps(path), leaf) for path, leaf in paths]
    check_numbers(_KIND, own, advice="make the model itself, not by nnx.eval_shape")
    names, leaves = names_of([path for path, _ in own]), [leaf for _, leaf in own]
    variables = float_leaves(_KIND, structure, names, leaves)
    known = {
        path: name for (path, _), name in zip(paths, names, strict=True) if path[0].idx != _RNGS
    }
    return _Parts(graph, variables, known)


def _split(module: Any) -> tuple[Any, tuple[Any, ...]]:
    from flax import nnx

    graph, *groups = nnx.split(module, nnx.RngState, nnx.Param, ...)
    return graph, tuple(groups)


def _steps(path: Path) -> Path:
    """Returns the path of a variable from its module, without its group."""
    return tuple(step for step in path[1:] if step != _VALUE)


def _graph_with_places(parts: _Parts) -> Any:
    """Returns the graph of a module whose submodules name what they return."""
    from flax import nnx

    own = parts.module({})
    for path, submodule in list(nnx.iter_modules(own)):
        if path:
            name_calls(submodule, dotted(path), _cut, pytree=type(submodule)._pytree__is_pytree)
    return nnx.graphdef(own)


def _cut(made: Any, place: str) -> Any:
    """Names what a submodule returns, but variables."""
    from flax import nnx

    return cut_parts(made, place, opaque=(nnx.Pytree, nnx.Variable, nnx.State))


def _called(parts: _Parts, buffers: Collection[str], state: Any, inputs: Sequence[Any]) -> Any:
    """Calls a module, and returns (outputs, the buffers that are others than before)."""
    before = {name: jnp.asarray(one) for name, one in state.items()}
    own = parts.module(before)
    _widen_carries(own)
    try:
        outputs = own(*inputs)
    except RAISED:
        if told := _chance(
            one for one in _dropouts(own) if not getattr(one.submodule, "rngs", None)
        ):
            raise told from None
        raise
    after = jax.tree_util.tree_flatten_with_path(_split(own)[1])[0]
    found = {parts.names.get(path): one for path, one in after}
    return outputs, {
        name: found[name] for name in buffers if name in found and found[name] is not before[name]
    }


def _layers(module: Any) -> Iterator[tuple[Path, Any]]:
    """Yields the submodules of nnx's own, with their paths."""
    from flax import nnx

    every = nnx.iter_modules(module)
    return ((path, one) for path, one in every if type(one).__module__.startswith("flax.nnx"))


def _widen_carries(module: Any) -> None:
    """Lets recurrent cells with weights of float64 begin with carries of float64, as scans need."""
    from flax import nnx

    for _, one in nnx.iter_modules(module):
        if isinstance(one, nnx.RNNCellBase) and hasattr(one, "param_dtype"):
            weights = jax.tree.leaves(nnx.state(one, nnx.Param))
            is_wide = any(weight.dtype == np.float64 for weight in weights)
            one.param_dtype = jnp.float64 if is_wide else one.param_dtype


class _Dropout(NamedTuple):
    """A submodule with a dropout that is on."""

    place: str
    submodule: Any
    rate: float


def _dropouts(module: Any) -> Iterator[_Dropout]:
    from flax import nnx

    for path, one in nnx.iter_modules(module):
        rate = getattr(one, "rate", getattr(one, "dropout_rate", 0))
        if isinstance(rate, int | float) and rate and not getattr(one, "deterministic", True):
            yield _Dropout(dotted(path), one, rate)


def _chance(dropouts: Iterable[_Dropout]) -> UsageError | None:
    """Returns the error for the first dropout."""
    for place, submodule, rate in dropouts:
        where = f"{_KIND}: {place} ({type(submodule).__name__})"
        return chance(where, f"a dropout of {rate}", advice=_ADVICE)
    return None


def _check_chance(module: Any, trace: Trace) -> None:
    """Checks that a module draws nothing from random numbers of its own.

    Raises:
      UsageError: with a submodule that does, if it is a dropout.
    """
    _, groups = _split(module)
    if trace.draws and jax.tree.leaves(groups[_RNGS]):
        own = chance(_KIND, "one that draws from the rngs of the model", advice=_ADVICE)
        raise _chance(_dropouts(module)) or own
