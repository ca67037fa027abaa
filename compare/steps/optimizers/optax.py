"""A transformation of optax, with the weights that it updates."""

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError, shown
from compare.implementations.user.sandbox import contained, errors_told
from compare.numbers import first_few
from compare.steps.optimizers.base import Snapshot, Update
from compare.steps.rules.optax import optax_state
from compare.steps.rules.step import Arrays

_MOST_NAMED = 4  # weights, in an error
Place = tuple[str, str]  # slot, and name of the weights


class OptaxOptimizer:
    """A transformation of optax."""

    def __init__(self, where: str, weights: Arrays, transformation: Any) -> None:
        """Begins to train.

        Args:
          where: names the training, as errors begin.
          weights: by name, of one dtype; what is transformed is a tree of dicts, as of
            {'fc1': {'kernel': ...}} for 'fc1.kernel'.
          transformation: of optax.

        Raises:
          UsageError: for what is none, and with what it raises.
        """
        if not all(callable(getattr(transformation, name, None)) for name in ("init", "update")):
            raise UsageError(
                f"{where}: optimizer: expected one of optax for a model of JAX, got "
                f"{shown(transformation)}"
            )
        self._where, self._transformation, self._count = where, transformation, 0
        self._is_wide = any(one.dtype == np.float64 for one in weights.values())
        self._names: list[str]
        self._structure: Any
        self._state_structure: Any
        self._names, self._structure = jax.tree.flatten(_tree({name: name for name in weights}))
        self._weights = dict(weights)
        with self._running():
            made = transformation.init(self._params(weights))
        leaves, self._state_structure = jax.tree.flatten(made)
        self._leaves = [np.asarray(one) for one in leaves]
        self._places = self._places_of_state()
        self._compiled = jax.jit(self._step)

    @property
    def snapshot(self) -> Snapshot:
        """What it has now."""
        state: dict[str, dict[str, np.ndarray]] = {}
        for place, leaf in zip(self._places, self._leaves, strict=True):
            if place is not None:
                state.setdefault(place[0], {})[place[1]] = leaf
        return Snapshot(dict(self._weights), state, self._count)

    @property
    def offsets(self) -> Arrays:
        """Nothing is added to its weights."""
        return {}

    @property
    def update(self) -> Update:
        """How it takes its next step: what it counts is its own, all else that of whoever asks."""

        def call(
            known: Sequence[Any],
            count: Any,
            weights: Any,
            gradients: Any,
            state: Any,
            recorded: Any,
        ) -> Any:
            del count, recorded
            leaves = [
                one if place is None else state[place[0]][place[1]]
                for place, one in zip(self._places, known, strict=True)
            ]
            new_weights, new_leaves = self._step(leaves, weights, gradients)
            new_state: dict[str, dict[str, Any]] = {}
            for place, leaf in zip(self._places, new_leaves, strict=True):
                if place is not None:
                    new_state.setdefault(place[0], {})[place[1]] = leaf
            return new_weights, new_state

        return Update(call, (type(self), id(self)), tuple(self._leaves))

    def step(self, gradients: Arrays) -> None:
        """Takes a step."""
        given = {name: gradients[name] for name in self._names}
        with self._running():
            weights, leaves = self._compiled(self._leaves, self._weights, given)
        self._weights = {name: np.asarray(one) for name, one in weights.items()}
        self._leaves = [np.asarray(one) for one in leaves]
        self._count += 1

    def start_from(self, other: Snapshot) -> None:
        """Takes the weights and the state of another run, as far as it has such a state."""
        self._weights = {name: other.weights[name] for name in self._weights}
        for i, place in enumerate(self._places):
            if place is not None:
                slot, name = place
                self._leaves[i] = other.state.get(slot, {}).get(name, self._leaves[i])
        self._count = other.count

    def in_dtype(self, dtype: np.dtype) -> "OptaxOptimizer":
        """Returns one that begins anew, in a dtype."""
        weights = {name: one.astype(dtype) for name, one in self._weights.items()}
        return OptaxOptimizer(self._where, weights, self._transformation)

    def copied(self, dtype: np.dtype) -> "OptaxOptimizer":
        """Returns a copy in a dtype, which goes on from where this one is."""
        other, own = copy.copy(self), {one.dtype for one in self._weights.values()}
        other._is_wide = dtype == np.float64
        other._weights = {name: one.astype(dtype) for name, one in self._weights.items()}
        other._leaves = [one.astype(dtype) if one.dtype in own else one for one in self._leaves]
        return other

    def _params(self, arrays: Mapping[str, Any]) -> Any:
        """Returns arrays as the tree that is transformed."""
        return self._structure.unflatten([arrays[name] for name in self._names])

    def _step(
        self, leaves: Sequence[Any], weights: Mapping[str, Any], gradients: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[Any]]:
        """Computes new weights and a new state, in JAX."""
        params, state = self._params(weights), self._state_structure.unflatten(leaves)
        with _promoting():
            updates, new = self._transformation.update(self._params(gradients), state, params)
            moved = jax.tree.map(lambda one, by: (one + by).astype(one.dtype), params, updates)
        return dict(zip(self._names, jax.tree.leaves(moved), strict=True)), jax.tree.leaves(new)

    def _places_of_state(self) -> list[Place | None]:
        """Returns what each leaf of the state is; None of counts and other whole numbers."""
        numbered = [np.full(one.shape, i) for i, one in enumerate(self._leaves)]
        tree = self._state_structure.unflatten(numbered)
        known = optax_state(tree, self._params({n: n for n in self._names}), self._names)
        places: list[Place | None] = [None] * len(numbered)
        for i, (path, _) in enumerate(jax.tree_util.tree_leaves_with_path(tree)):
            if self._leaves[i].dtype.kind == "f":
                places[i] = f"the state {jax.tree_util.keystr(path)} of the optimizer", ""
        for slot, group in known.items():
            for name, one in group.items():
                if slot != "count" and one.size:
                    places[int(one.flat[0])] = slot, name
        return places

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        def given() -> str:
            names = first_few([f"`{name}`" for name in self._names], _MOST_NAMED)
            return f"it gets the weights in dicts within dicts, by their names: {names}"

        told = errors_told(f"{self._where}: optimizer: raised", given=given, passes=UsageError)
        with told, contained(), jax.enable_x64(self._is_wide), _promoting():
            yield


@contextlib.contextmanager
def _promoting() -> Iterator[None]:
    """Lets dtypes and ranks be promoted, as the code of optax needs it."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def _tree(arrays: Mapping[str, Any]) -> Any:
    """Returns dicts within dicts, by the parts of names; one dict if a name is part of another."""
    found: dict[str, Any] = {}
    for name, one in arrays.items():
        *parts, last = name.split(".")
        at = found
        for part in parts:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                return dict(arrays)
        if last in at:
            return dict(arrays)
        at[last] = one
    return found
