"""Submodules that name what they return, by classes of their own.

Flax nnx and Equinox call a submodule as Python calls any object, and keep its class wherever they
take a model apart and put it together: in `jax.vmap`, `scan`, `remat` and `jit` too.
"""

import functools
import types
import warnings
from collections.abc import Callable
from typing import Any

import jax

from compare.errors import RAISED
from compare.implementations.programs.models.places import cut_all

Cut = Callable[[Any, str], Any]  # of what a submodule returns, and its place


def has_call(kind: type) -> bool:
    """Whether objects of a class can be called."""
    return any("__call__" in vars(one) for one in kind.__mro__)


def name_calls(module: Any, place: str, cut: Cut, **options: Any) -> None:
    """Lets a submodule, a copy of ours, name what it returns.

    Args:
      module: which gets a class of its own; left alone if it cannot have one.
      place: its name.
      cut: names what it returns.
      **options: of the class.
    """
    if has_call(type(module)):
        kind: Any = type(module)
        own = _class_at(kind, place, cut, **options)
        object.__setattr__(module, "__class__", own)


@functools.cache  # what a framework knows of a class it keeps for good
def _class_at(kind: Any, place: str, cut: Cut, **options: Any) -> Any:
    @functools.wraps(kind.__call__)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return cut(super(made, self).__call__(*args, **kwargs), place)

    kept = {key: getattr(kind, key) for key in ("__module__", "__qualname__", "__doc__")}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's class, which has had its own
            made: Any = types.new_class(
                kind.__name__, (kind,), options, lambda names: names.update(kept, __call__=call)
            )
    except RAISED:  # of a class that lets no other be made of it
        return kind
    return made


def cut_parts(made: Any, place: str, *, opaque: tuple[type, ...]) -> Any:
    """Cuts the arrays in what a submodule returns, but those of objects that stay as they are.

    Args:
      made: an array or a tree.
      place: the name of the submodule.
      opaque: types of these objects, such as modules, whose weights are no outputs.
    """
    structure: Any
    leaves, structure = jax.tree_util.tree_flatten_with_path(
        made, is_leaf=lambda one: isinstance(one, opaque)
    )
    cuts = [
        one if isinstance(one, opaque) else cut_all(one, place + jax.tree_util.keystr(path))
        for path, one in leaves
    ]
    return structure.unflatten(cuts)
