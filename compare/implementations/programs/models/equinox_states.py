"""The states of an Equinox model: what it returns anew, such as the statistics of a batch norm."""

from typing import Any

import jax

from compare.errors import UsageError, first_line, shown
from compare.implementations.programs.models.names import Path

_STATISTICS = ("mean", "var")  # what the two arrays in an index of a batch norm are
_OF_BATCH_NORM = ("ema_state_index", "batch_state_index")
_BATCH = "batch"  # the axis of samples where a model is called for each
_ADVICE = "model, state = equinox.nn.make_with_state(...)(...) and Model(model, state)"


def check_state(kind: str, state: Any) -> None:
    """Checks that this is a state that was not used up, or None.

    Args:
      kind: what the model is, as errors begin.
      state: what stands beside it.

    Raises:
      UsageError: if not.
    """
    import equinox

    if state is not None and not isinstance(state, equinox.nn.State):
        raise UsageError(f"{kind}: expected a state of type State, got {shown(state)}; {_ADVICE}")
    try:
        jax.tree.leaves(state)
    except ValueError as error:
        raise UsageError(f"{kind}: state: expected the newest one: {first_line(error)}") from None


def state_paths(kind: str, module: Any, state: Any) -> dict[Path, Path]:
    """Returns where the arrays of states belong, by their paths in the pair (module, state).

    Args:
      kind: what the model is, as errors begin.
      module: whose indices say what a state is of.
      state: an `equinox.nn.State`, or None; there may be others in the module.

    Returns:
      Path in the pair -> path from the module, such as that of `norm.mean`.

    Raises:
      UsageError: for a module without a state that it needs, or with one that is of another.
    """
    import equinox

    kinds = (equinox.nn.State, equinox.nn.StateIndex)
    nodes = jax.tree_util.tree_flatten_with_path(
        (module, state), is_leaf=lambda one: isinstance(one, kinds)
    )[0]
    indices = {one.marker: path[1:] for path, one in nodes if type(one) is kinds[1]}
    states = [(path, one) for path, one in nodes if isinstance(one, kinds[0])]
    if indices and not states:
        raise UsageError(f"{kind}: expected a model with its state, got it alone; {_ADVICE}")
    found: dict[Path, Path] = {}
    for prefix, one in states:
        found |= {prefix + path: own for path, own in _paths_in(kind, one, indices).items()}
    return found


def _paths_in(kind: str, state: Any, indices: dict[Any, Path]) -> dict[Path, Path]:
    structure: Any
    leaves, structure = jax.tree_util.tree_flatten_with_path(state)
    _, markers = structure.node_data()
    if odd := next((one for one in markers if one not in indices), None):
        raise UsageError(f"{kind}: state: expected that of this model, got one with {shown(odd)}")
    paths = [path for path, _ in leaves]
    return {path: _place(indices[markers[path[0].key]], path[1:]) for path in paths}


def _place(index: Path, rest: Path) -> Path:
    """Returns the path of an array, in an index and from there on."""
    if index[-1:] and index[-1].name in _OF_BATCH_NORM:
        return *index[:-1], jax.tree_util.GetAttrKey(_STATISTICS[rest[0].idx])
    return index + rest


def over_batch(module: Any) -> Any:
    """Returns a module whose batch norms take their means over the axis 'batch' that there is."""
    from equinox.nn import BatchNorm

    def renamed(one: Any) -> Any:
        if not isinstance(one, BatchNorm) or _is_bound(one.axis_name) or not _is_bound(_BATCH):
            return one
        own = jax.tree.unflatten(jax.tree.structure(one), jax.tree.leaves(one))
        object.__setattr__(own, "axis_name", _BATCH)
        return own

    return jax.tree.map(renamed, module, is_leaf=lambda one: isinstance(one, BatchNorm))


def _is_bound(axis_name: Any) -> bool:
    try:
        jax.lax.axis_size(axis_name)
    except NameError:
        return False
    return True


def without_state(made: Any) -> tuple[Any, Any]:
    """Returns the outputs of a model, and the new state that it returns beside them, or None."""
    import equinox

    if type(made) is not tuple:
        return made, None
    states = [one for one in made if isinstance(one, equinox.nn.State)]
    outputs = tuple(one for one in made if not isinstance(one, equinox.nn.State))
    if not states:
        return made, None
    return outputs[0] if len(outputs) == 1 else outputs, states[-1]
