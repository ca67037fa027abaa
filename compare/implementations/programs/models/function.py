"""A function of JAX with its weights as a model."""

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.errors import UsageError, shown
from compare.implementations.programs.model import JaxModel
from compare.implementations.programs.models.complaints import complaints_told
from compare.implementations.programs.models.first_carries import wide_carries
from compare.implementations.programs.models.groups import (
    TRAINED,
    Groups,
    as_given,
    groups_of,
    outermost,
    parted,
)
from compare.implementations.programs.models.intercepted import submodules_cut
from compare.implementations.programs.models.leaves import Leaves, leaves_of
from compare.implementations.programs.models.names import dotted, key_of, names_of
from compare.problem.structure import opened

Keys = tuple[str, ...]  # the path of a leaf


def function_model(f: Callable[..., Any], weights: Any, *, kind: str = "JAX") -> JaxModel:
    """Returns a function of JAX as a model, with submodules of Flax linen and Haiku as places.

    Args:
      f: takes (weights, *inputs). It may return (outputs, updates), as `apply` does with `mutable`
        and as Haiku's does with a state: new values of weights that are not trained.
      weights: a tree of arrays. Of the variables of linen, and of a pair (params, state) of Haiku,
        only `params` are trained; of all others, all floating-point numbers are.
      kind: what it is.

    Raises:
      UsageError: for weights that are no real numbers, and for a class.
    """
    if isinstance(f, type):
        raise UsageError(
            f"{kind}: expected a model or a function, got the class {shown(f)}; give an "
            "object of it"
        )
    groups = groups_of(weights)
    tree = weights if groups is None else groups
    pairs, structure = jax.tree_util.tree_flatten_with_path(_unboxed(tree))
    names = names_of([path for path, _ in pairs], drop=0 if groups is None else 1)
    leaves = leaves_of(kind, structure, names, [leaf for _, leaf in pairs])
    by_path = {_keys(path): name for (path, _), name in zip(pairs, names, strict=True)}
    trained = {name for keys, name in by_path.items() if groups is None or keys[0] == TRAINED}
    parameters, buffers = leaves.trained(trained)
    called = _Function(kind, f, weights, leaves, by_path)
    return JaxModel(kind, parameters, buffers, called.call)


@dataclasses.dataclass(frozen=True, eq=False)
class _Function:
    """A function of (weights, *inputs).

    Attributes:
      kind: what it is, as errors begin.
      function: of a user.
      weights: as they came.
      leaves: of these, or of their groups.
      by_path: the path of a leaf -> its name.
    """

    kind: str
    function: Callable[..., Any]
    weights: Any
    leaves: Leaves
    by_path: Mapping[Keys, str]

    def call(self, arrays: Mapping[str, Any], *inputs: Any) -> tuple[Any, dict[str, Any]]:
        """Computes the outputs, and what else has changed."""
        given = {name: jnp.asarray(one) for name, one in arrays.items()}
        filled = self.leaves.filled(given)
        if groups_of(self.weights) is not None:
            filled = as_given(self.weights, filled)
        with self._traced(given):
            made = self.function(filled, *inputs)
        outputs, updates = parted(made, self.weights)
        new = self._updated(updates)
        changed = {
            name: one for name, one in new.items() if name in given and one is not given[name]
        }
        return opened(outputs), changed

    def _updated(self, updates: Groups) -> dict[str, Any]:
        """Returns new values of what is not trained, by the names of the weights.

        Raises:
          UsageError: for one that is none of the weights, which the forward has begun anew.
        """
        found = {}
        for path, leaf in jax.tree_util.tree_flatten_with_path(_unboxed(updates))[0]:
            keys = _keys(path)
            if keys not in self.by_path:
                raise UsageError(
                    f"{self.kind}: expected {dotted(keys)} among the weights, which the forward "
                    "updates, got none; give all that init returns"
                )
            if keys[0] != TRAINED:
                found[self.by_path[keys]] = leaf
        return found

    @contextlib.contextmanager
    def _traced(self, arrays: Mapping[str, Any]) -> Iterator[None]:
        """Runs the function with its submodules as places."""
        is_wide = any(one.dtype == np.float64 for one in arrays.values())
        carries = wide_carries() if is_wide else contextlib.nullcontext()
        with complaints_told(self.kind), submodules_cut(outermost(self.weights)), carries:
            yield


def _keys(path: Any) -> Keys:
    return tuple(map(key_of, path))


def _unboxed(tree: Any) -> Any:
    """Takes arrays out of the boxes in which linen notes how they are spread over devices."""
    meta = sys.modules.get("flax.core.meta")
    return meta.unbox(tree) if meta else tree
