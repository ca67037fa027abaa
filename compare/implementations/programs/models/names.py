"""The names of what a model holds: with dots, as torch has them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import jax

Path = tuple[Any, ...]  # of a leaf: entries of a path of JAX, or plain keys


def names_of(paths: Sequence[Path], *, drop: int = 0) -> list[str]:
    """Returns a name for every leaf of a tree, no two the same.

    Args:
      paths: of all leaves.
      drop: how many of the first steps a name is without, such as a collection of linen; where
        two would be the same, they have them.
    """
    found = [dotted(path[drop:]) for path in paths]
    for longer in (dotted, jax.tree_util.keystr):
        times = Counter(found)
        pairs = zip(paths, found, strict=True)
        found = [name if name and times[name] == 1 else longer(path) for path, name in pairs]
    return found


def dotted(path: Path) -> str:
    """Returns the name of a path: 'layers_0.q.kernel' of a leaf, 'layers_0.q' of a module.

    Haiku's 'mlp/~/linear_0' is mlp.linear_0.
    """
    steps = [step for entry in path for step in key_of(entry).split("/")]
    return ".".join(step for step in steps if step not in ("", "~"))


def key_of(entry: Any) -> str:
    """Returns the key, the attribute or the index that a step of a path is."""
    for kind in ("key", "name", "idx"):
        if hasattr(entry, kind):
            return str(getattr(entry, kind))
    return str(entry)
