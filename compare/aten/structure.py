"""What a torch function takes and returns, as trees in which slots stand for its tensors."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import torch

from compare.aten.dtypes import numpy_dtype
from compare.problem.structure import fields_of
from torch_ref.trees import mapped


class Slot:
    """The place of a tensor in a tree; no dataclass, which would be a tree itself."""

    def __init__(self, index: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.index = index  # among the tensors
        self.shape = shape
        self.dtype = dtype


def with_slots(tree: Any) -> tuple[Any, list[torch.Tensor]]:
    """Puts slots in the place of the tensors of a tree, and returns them."""
    tensors: list[torch.Tensor] = []

    def slot(tensor: torch.Tensor) -> Slot:
        tensors.append(tensor)
        return Slot(len(tensors) - 1, tuple(tensor.shape), numpy_dtype(tensor.dtype))

    return mapped(tree, slot, of=torch.Tensor), tensors


def as_jax_tree(tree: Any) -> Any:
    """Turns what JAX does not know as a tree into dicts and tuples.

    A dataclass becomes a named tuple; what is neither a number nor a slot becomes None.
    """
    if tree is None or isinstance(tree, Slot | bool | int | float):
        return tree
    if not jax.tree_util.all_leaves([tree]):
        return jax.tree.map(as_jax_tree, tree, is_leaf=lambda one: one is not tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return as_jax_tree(fields_of(tree))
    if isinstance(tree, Mapping):
        return {key: as_jax_tree(branch) for key, branch in tree.items()}
    if isinstance(tree, tuple | list):
        return tuple(map(as_jax_tree, tree))
    return None
