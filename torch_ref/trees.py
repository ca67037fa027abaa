"""What a function takes or returns, as a tree of lists, tuples and dicts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch


def tensors_in(tree: Any) -> list[torch.Tensor]:
    """Returns the tensors of what a forward takes or returns: lists, tuples and dicts."""
    return [leaf for leaf in leaves_of(tree) if isinstance(leaf, torch.Tensor)]


def leaves_of(tree: Any) -> Iterator[Any]:
    """Yields what is no tree itself, in order."""
    if isinstance(tree, Mapping):
        tree = tuple(tree.values())
    if isinstance(tree, tuple | list):
        for branch in tree:
            yield from leaves_of(branch)
    else:
        yield tree


def mapped(tree: Any, change: Callable[[Any], Any], *, of: type) -> Any:
    """Returns a tree with every leaf of a type changed."""
    if isinstance(tree, of):
        return change(tree)
    if isinstance(tree, dict):
        return {key: mapped(branch, change, of=of) for key, branch in tree.items()}
    if type(tree) in (tuple, list):
        return type(tree)(mapped(branch, change, of=of) for branch in tree)
    return tree
