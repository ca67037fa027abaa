"""Weights in groups of which one is trained: the collections of Flax linen, and Haiku's state."""

from collections.abc import Mapping
from typing import Any

from compare.implementations.programs.models.names import dotted

TRAINED = "params"  # the group of weights that are
STATISTICS = "batch_stats"  # that of linen's batch norms
_NOTES = "intermediates"  # of what a forward of linen has noted, and does not read
_PAIR = (TRAINED, "state")  # of Haiku

Groups = Mapping[str, Any]


def groups_of(weights: Any) -> Groups | None:
    """Returns the collections of linen, or the params and the state of Haiku; None of others."""
    if isinstance(weights, tuple) and len(weights) == len(_PAIR):
        is_pair = all(map(_is_of_haiku, weights))
        return dict(zip(_PAIR, weights, strict=True)) if is_pair else None
    if not isinstance(weights, Mapping) or not {TRAINED, STATISTICS} & set(weights):
        return None
    if not all(isinstance(one, Mapping) for one in weights.values()):
        return None
    return _read(weights)


def as_given(weights: Any, groups: Groups) -> Any:
    """Returns groups in the form in which weights came."""
    return tuple(groups[key] for key in _PAIR) if isinstance(weights, tuple) else groups


def parted(made: Any, weights: Any) -> tuple[Any, Groups]:
    """Returns the outputs of a function, and the groups of new values that it returns besides.

    Args:
      made: outputs, or (outputs, updates): what `apply` of linen returns with `mutable`, and that
        of Haiku with a state.
      weights: that it was called with.
    """
    if groups_of(weights) is None or type(made) is not tuple or len(made) != 2:
        return made, {}
    outputs, updates = made
    if isinstance(weights, tuple) and _is_of_haiku(updates):
        return outputs, {_PAIR[1]: updates}
    known = {*weights, STATISTICS, _NOTES} if isinstance(weights, Mapping) else ()
    if isinstance(updates, Mapping) and all(key in known for key in updates):
        return outputs, _read(updates)
    return made, {}


def outermost(weights: Any) -> str:
    """Returns the name of the module of Haiku in which all stand that have weights, or ''."""
    trees = weights if isinstance(weights, tuple) else (weights,)
    if not all(map(_is_of_haiku, trees)):
        return ""
    names = [dotted((name,)).partition(".") for tree in trees for name in tree]
    firsts = {first for first, _, _ in names}
    return firsts.pop() if len(firsts) == 1 and any(rest for _, _, rest in names) else ""


def _read(collections: Groups) -> Groups:
    """Leaves out what no forward reads."""
    return {key: one for key, one in collections.items() if key != _NOTES}


def _is_of_haiku(tree: Any) -> bool:
    """Whether this is {module: {name: array}}, or empty."""
    if not isinstance(tree, Mapping):
        return False
    bundles = tree.values()
    return all(isinstance(one, Mapping) for one in bundles) and not any(
        isinstance(leaf, Mapping) for one in bundles for leaf in one.values()
    )
