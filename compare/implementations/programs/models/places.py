"""What a submodule returns, as places."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.tree_util import keystr, tree_map_with_path

from compare.problem.cuts import cut


def cut_all(made: Any, place: str) -> Any:
    """Cuts every array of floating-point numbers in what a submodule returns.

    Of a tree the path follows, as `torch_ref.recording` has it: `lstm[1][0]`, `encoder['hidden']`.

    Args:
      made: an array or a tree of JAX.
      place: the name of the submodule.
    """

    def named(path: Any, leaf: Any) -> Any:
        return cut(leaf, place + keystr(path)) if _is_seen(leaf) else leaf

    return tree_map_with_path(named, made)


def _is_seen(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and bool(jnp.issubdtype(leaf.dtype, jnp.floating))
