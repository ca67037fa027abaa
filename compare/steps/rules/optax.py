"""The state of an optimizer of optax."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError

# type of a state -> its field -> slot
_FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "TraceState": {"trace": "momentum"},
        "EmaState": {"ema": "momentum", "count": "count"},
        "ScaleByAdamState": {"mu": "first_moment", "nu": "second_moment", "count": "count"},
        "ScaleByAmsgradState": {
            "mu": "first_moment",
            "nu": "second_moment",
            "nu_max": "max_second_moment",
            "count": "count",
        },
        "ScaleByRmsState": {"nu": "second_moment"},
        "ScaleByRmsWithCountState": {"nu": "second_moment", "count": "count"},
        "ScaleByRStdDevState": {"mu": "first_moment", "nu": "second_moment"},
        "ScaleByRStdDevWithCountState": {
            "mu": "first_moment",
            "nu": "second_moment",
            "count": "count",
        },
        "ScaleByRssState": {"sum_of_squares": "second_moment"},
        "ScaleByLionState": {"mu": "first_moment", "count": "count"},
        "MultiStepsState": {"acc_grads": "accumulated"},
    }
)


def optax_state(state: Any, params: Any, names: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """Returns copies of the state of an optimizer: slot -> name of the weights -> array.

    Chains, `MultiSteps`, `inject_hyperparams`, `masked` and `multi_transform` are looked into.

    Args:
      state: what `init` or `update` of an optimizer has returned.
      params: the weights that it is of; any pytree.
      names: of their leaves, in the order of `jax.tree.leaves`.

    Raises:
      UsageError: if two transformations of the same weights have a state of one kind.
    """
    by_path = dict(zip(_paths(params), names, strict=True))
    found: dict[str, dict[str, np.ndarray]] = {}
    for part in _parts(state):
        for field, slot in _FIELDS[type(part).__name__].items():
            arrays = _by_name(slot, getattr(part, field), by_path)
            kept = found.setdefault(slot, {})
            twice = next((name for name in arrays if name in kept and slot != "count"), None)
            if twice is not None:
                raise UsageError(
                    f"optimizer: expected one state of a kind for each array of weights, got two "
                    f"of {type(part).__name__}.{field} for {twice}"
                )
            kept.update(arrays)
    return found


def _parts(state: Any) -> Iterator[Any]:
    """Yields the states of transformations that are known, however they are nested."""
    if type(state).__name__ in _FIELDS:
        yield state
    if isinstance(state, Mapping):
        children: Sequence[Any] = list(state.values())
    else:
        children = state if isinstance(state, tuple | list) else ()
    for child in children:
        yield from _parts(child)


def _paths(tree: Any) -> list[str]:
    return [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(tree)]


def _by_name(slot: str, tree: Any, by_path: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Returns arrays by the names of the weights; those that are masked are left out."""
    if slot == "count":
        return {name: np.array(tree) for name in by_path.values()}
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {by_path[jax.tree_util.keystr(path)]: np.array(leaf) for path, leaf in leaves}
