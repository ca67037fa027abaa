"""Trees of arrays, as people keep weights and gradients: nested dicts, lists and objects.

No library that defines such trees is imported: JAX, once it is loaded, knows how to take apart what
is registered with it, such as the modules of Equinox; anything else is its items or attributes.
"""

import collections
import copy
import functools
import itertools
import numbers
import sys
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from compare.problem.array_likes import is_array

Path: TypeAlias = tuple[str | int, ...]

_DEPTH = 12  # of lists in dicts in objects
_MOST_LEAVES = 40_000
_LISTS = (list, tuple, collections.deque)
_NO_TREES = (
    str,
    bytes,
    type,
    functools.partial,
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.ModuleType,
    Iterator,
    Awaitable,
    AsyncIterator,
)


class Leaf(NamedTuple):
    """One array of a tree, or None in its place."""

    path: Path  # keys, indices and names of attributes
    value: Any
    of_torch: bool  # whether a matrix there is out_in, as those of torch and Equinox are

    @property
    def name(self) -> str:
        """The path as text, as files have it: params/Dense_0/kernel."""
        return "/".join(map(str, self.path))


class Tree(NamedTuple):
    """A tree taken apart."""

    leaves: tuple[Leaf, ...]
    rebuild: Callable[[Iterator[Any]], Any]  # puts others in the place of these, in order


class _Branch(NamedTuple):
    children: list[tuple[str | int, Any]]
    rebuild: Callable[[list[Any]], Any]


def take_apart(value: Any) -> Tree:
    """Finds the arrays of a tree; what is no array and holds none stays where it is.

    Raises:
      ValueError: for a tree that is deeper or larger than that of any network, or holds itself.
    """
    tree = _tree(value, (), of_torch=False)
    if len(tree.leaves) > _MOST_LEAVES:
        raise ValueError(f"got more than {_MOST_LEAVES:,} arrays")
    return tree


def is_of_a_class(value: Any) -> bool:
    """Whether this is an object of somebody's own, which may hold anything beside its weights."""
    if isinstance(value, (*_LISTS, Mapping)):
        return False
    return _torch_branch(value) is None and _jax_branch(value) is None


def is_number(value: Any) -> bool:
    """Whether this is a number of Python or NumPy."""
    return isinstance(value, numbers.Number)


def _tree(value: Any, path: Path, *, of_torch: bool) -> Tree:
    if len(path) > _DEPTH:
        raise ValueError(f"got a tree of more than {_DEPTH} levels")
    if _is_leaf(value):
        return Tree((Leaf(path, value, of_torch or _is_tensor(value)),), next)
    branch = _branch(value)
    if branch is None:
        return Tree((), lambda leaves: value)
    turned = _is_linear(value)
    trees = [_tree(one, _joined(path, key), of_torch=turned) for key, one in branch.children]
    return Tree(
        tuple(itertools.chain.from_iterable(tree.leaves for tree in trees)),
        lambda leaves: branch.rebuild([tree.rebuild(leaves) for tree in trees]),
    )


def _joined(path: Path, key: str | int) -> Path:
    """Adds a key, but for those by which Flax's variables hold their only value."""
    return path if path and key in ("value", "raw_value") else (*path, key)


def _is_leaf(value: Any) -> bool:
    if value is None or is_number(value):
        return True
    if isinstance(value, _LISTS):  # rows of numbers are an array
        first: Any = value
        while isinstance(first, _LISTS) and first:
            first = first[0]
        return is_number(first)
    if isinstance(value, str | bytes | Mapping) or not is_array(value):
        return False
    return isinstance(value, np.ndarray) or _jax_branch(value) is None  # a variable of Flax is none


def _branch(value: Any) -> _Branch | None:
    """Returns what a value holds, None for what is no tree."""
    if isinstance(value, _NO_TREES) or hasattr(value, "__wrapped__"):
        return None
    if type(value) in (dict, collections.OrderedDict):
        keys = list(value)
        return _Branch(list(value.items()), lambda new: type(value)(zip(keys, new, strict=True)))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        pairs = list(zip(value._fields, value, strict=True))
        return _Branch(pairs, lambda new: type(value)(*new))
    if isinstance(value, _LISTS):
        return _Branch(list(enumerate(value)), type(value))
    return _torch_branch(value) or _jax_branch(value) or _plain_branch(value)


def _torch_branch(value: Any) -> _Branch | None:
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.nn.Module):
        return None
    parameters = list(value.named_parameters())

    def rebuild(new: list[Any]) -> Any:
        own = copy.deepcopy(value)
        for (name, _), one in zip(parameters, new, strict=True):
            own.get_parameter(name).data = torch.as_tensor(
                one if _is_tensor(one) else np.array(one)
            )
        return own

    return _Branch(parameters, rebuild)


def _jax_branch(value: Any) -> _Branch | None:
    """Takes a node apart that is registered with JAX, by one level."""
    jax = sys.modules.get("jax")
    if jax is None:
        return None
    children, node = jax.tree_util.tree_flatten_with_path(value, lambda one: one is not value)
    if any(not path for path, _ in children):
        return None  # it is a leaf
    return _Branch([(_key(path[0]), child) for path, child in children], node.unflatten)


def _key(entry: Any) -> str | int:
    """Returns what an entry of a path of JAX names."""
    for kind in ("key", "name", "idx"):
        if hasattr(entry, kind):
            found = getattr(entry, kind)
            return found if isinstance(found, int) else str(found)
    return str(entry)


def _plain_branch(value: Any) -> _Branch | None:
    """Returns the items of a mapping, or the attributes of an object."""
    if isinstance(value, Mapping):
        keys = list(itertools.islice(value, _MOST_LEAVES + 1))  # it may have no end
        if len(keys) > _MOST_LEAVES:
            raise ValueError(f"got more than {_MOST_LEAVES:,} items")
        return _Branch(
            [(key, value[key]) for key in keys], lambda new: dict(zip(keys, new, strict=True))
        )
    names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
    children = [(name, getattr(value, name)) for name in names if hasattr(value, name)]

    def rebuild(new: list[Any]) -> Any:
        own = copy.copy(value)
        for (name, _), one in zip(children, new, strict=True):
            object.__setattr__(own, name, one)
        return own

    return _Branch(children, rebuild) if children else None


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_linear(value: Any) -> bool:
    """Whether this is a layer as torch and Equinox have it, with weight [out, in]."""
    return all(hasattr(value, name) for name in ("weight", "in_features", "out_features"))
