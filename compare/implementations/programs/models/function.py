"""A function of JAX with its weights as a model."""

import contextlib
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
from compare.implementations.programs.models.intercepted import submodules_cut
from compare.implementations.programs.models.leaves import leaves_of
from compare.implementations.programs.models.names import dotted, key_of, names_of
from compare.problem.structure import opened

_TRAINED = "params"  # the collection of weights that are
STATISTICS = "batch_stats"  # the collection of what batch norms keep
_NOTES = "intermediates"  # the collection of what a forward has noted, and does not read
_PAIR = (_TRAINED, "state")  # of Haiku

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
    groups = collections_of(weights)
    tree = weights if groups is None else {**groups}
    pairs, structure = jax.tree_util.tree_flatten_with_path(_unboxed(tree))
    names = names_of([path for path, _ in pairs], drop=0 if groups is None else 1)
    leaves = leaves_of(kind, structure, names, [leaf for _, leaf in pairs])
    by_path = {_keys(path): name for (path, _), name in zip(pairs, names, strict=True)}
    trained = {name for keys, name in by_path.items() if groups is None or keys[0] == _TRAINED}
    parameters, buffers = leaves.trained(trained)
    outermost = _outermost(weights)

    def call(arrays: Mapping[str, Any], *inputs: Any) -> tuple[Any, dict[str, Any]]:
        given = {name: jnp.asarray(one) for name, one in arrays.items()}
        filled = leaves.filled(given)
        with _traced(kind, given, outermost):
            made = f(filled if groups is None else _as_given(weights, filled), *inputs)
        updates = None if groups is None else updates_in(made, weights)
        if updates is None:
            return opened(made), {}
        new = _statistics(kind, updates, by_path)
        return opened(made[0]), {
            name: one for name, one in new.items() if name in buffers and one is not given[name]
        }

    return JaxModel(kind, parameters, buffers, call)


def collections_of(weights: Any) -> dict[str, Any] | None:
    """Returns the collections of linen that weights are made of, or params and state of Haiku.

    None for weights without any.
    """
    if isinstance(weights, tuple) and len(weights) == len(_PAIR):
        is_pair = all(map(_is_of_haiku, weights))
        return dict(zip(_PAIR, weights, strict=True)) if is_pair else None
    if not isinstance(weights, Mapping) or not {_TRAINED, STATISTICS} & set(weights):
        return None
    if not all(isinstance(one, Mapping) for one in weights.values()):
        return None
    return {key: one for key, one in weights.items() if key != _NOTES}


def _is_of_haiku(tree: Any) -> bool:
    """Whether this is {module: {name: array}}, or empty."""
    if not isinstance(tree, Mapping):
        return False
    bundles = tree.values()
    return all(isinstance(one, Mapping) for one in bundles) and not any(
        isinstance(leaf, Mapping) for one in bundles for leaf in one.values()
    )


def _outermost(weights: Any) -> str:
    """Returns the name of the module of Haiku in which all stand that have weights, or ''."""
    trees = weights if isinstance(weights, tuple) else (weights,)
    if not all(map(_is_of_haiku, trees)):
        return ""
    names = [dotted((name,)).partition(".") for tree in trees for name in tree]
    outermost = {first for first, _, _ in names}
    return outermost.pop() if len(outermost) == 1 and any(rest for _, _, rest in names) else ""


def updates_in(made: Any, weights: Any) -> Mapping[str, Any] | None:
    """Returns the collections of new values in what a function returns; None if it has none.

    Args:
      made: (outputs, updates), or outputs alone.
      weights: in collections.
    """
    if type(made) is not tuple or len(made) != 2 or not isinstance(made[1], Mapping):
        return None
    if isinstance(weights, tuple):
        return {_PAIR[1]: made[1]} if _is_of_haiku(made[1]) else None
    known = {*weights, STATISTICS, _NOTES}
    return made[1] if all(key in known for key in made[1]) else None


def _statistics(
    kind: str, updates: Mapping[str, Any], by_path: Mapping[Keys, str]
) -> dict[str, Any]:
    """Returns new values by the names of the weights.

    Raises:
      UsageError: for one that is none of the weights, which the forward has begun anew.
    """
    read = {key: one for key, one in updates.items() if key != _NOTES}
    found = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(_unboxed(read))[0]:
        keys = _keys(path)
        if keys not in by_path:
            raise UsageError(
                f"{kind}: expected {dotted(keys)} among the weights, which the forward updates, "
                "got none; give all that init returns"
            )
        found[by_path[keys]] = leaf
    return found


def _as_given(weights: Any, filled: Any) -> Any:
    """Returns collections in the form in which the weights came."""
    return tuple(filled[key] for key in _PAIR) if isinstance(weights, tuple) else filled


def _keys(path: Any) -> Keys:
    return tuple(map(key_of, path))


def _unboxed(tree: Any) -> Any:
    """Takes arrays out of the boxes in which linen notes how they are spread over devices."""
    meta = sys.modules.get("flax.core.meta")
    return meta.unbox(tree) if meta else tree


@contextlib.contextmanager
def _traced(kind: str, arrays: Mapping[str, Any], outermost: str) -> Iterator[None]:
    """Runs a user's function with its submodules as places."""
    is_wide = any(one.dtype == np.float64 for one in arrays.values())
    carries = wide_carries() if is_wide else contextlib.nullcontext()
    with complaints_told(kind), submodules_cut(outermost), carries:
        yield
