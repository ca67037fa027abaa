"""What a function takes or returns, as a tree of lists, tuples, dicts and dataclasses."""

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, MutableMapping
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
    if type(tree) is dict:
        return {key: mapped(branch, change, of=of) for key, branch in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(branch, change, of=of) for branch in tree))
    if isinstance(tree, tuple | list):
        return type(tree)([mapped(branch, change, of=of) for branch in tree])
    if isinstance(tree, MutableMapping):
        own = copy.copy(tree)
        own.update({key: mapped(branch, change, of=of) for key, branch in tree.items()})
        return own
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        other = copy.copy(tree)
        for field in dataclasses.fields(tree):
            new = mapped(getattr(tree, field.name), change, of=of)
            object.__setattr__(other, field.name, new)
        return other
    return tree


def parts_of(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yields what is no tree itself, with its path as in Python: `[0]['h']`, or '' of a leaf."""
    branches = _branches(tree)
    if branches is None:
        yield "", tree
        return
    for step, branch in branches:
        yield from ((step + path, leaf) for path, leaf in parts_of(branch))


def _branches(tree: Any) -> list[tuple[str, Any]] | None:
    """Returns what a tree holds, each with a step of a path; None of a leaf."""
    if isinstance(tree, Mapping):
        return [(f"[{key!r}]", branch) for key, branch in tree.items()]
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [(f".{f.name}", getattr(tree, f.name)) for f in dataclasses.fields(tree)]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [(f".{name}", branch) for name, branch in zip(tree._fields, tree, strict=True)]
    if isinstance(tree, tuple | list):
        return [(f"[{i}]", branch) for i, branch in enumerate(tree)]
    return None
