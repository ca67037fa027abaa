"""The submodules of Flax linen and Haiku as places, while a program is traced."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax

from compare.implementations.programs.models.names import Path, dotted
from compare.implementations.programs.models.places import cut_all

_CALL = "__call__"

# What a user has traced by `jax.jit` has no places: with another value here, it is traced anew.
_traced_with_places = jax.make_user_context(None)


class _Framework(NamedTuple):
    """What a framework knows of a module.

    Attributes:
      path: names of the modules that it stands in, and its own.
      weights: a tree of those in it, as they are while it is called.
    """

    path: Callable[[Any], Path]
    weights: Callable[[Any], Any]


_FRAMEWORKS = {
    "flax.linen": _Framework(
        lambda module: module.path if module.scope else (),
        lambda module: module.variables if module.scope else (),
    ),
    "haiku": _Framework(lambda module: (module.module_name,), lambda module: module.params_dict()),
}


@contextlib.contextmanager
def submodules_cut(outermost: str) -> Iterator[None]:
    """Cuts what every submodule returns whose `__call__` is called while the context lasts.

    Neither framework is loaded.

    Args:
      outermost: the name of a module that is no place, since all others stand in it. That of linen
        has none.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_traced_with_places(outermost))
        for name, framework in _FRAMEWORKS.items():
            if name in sys.modules:
                interceptor = _interceptor(framework, ("", outermost))
                stack.enter_context(sys.modules[name].intercept_methods(interceptor))
        yield


def _interceptor(framework: _Framework, no_places: Sequence[str]) -> Callable[..., Any]:
    running: list[Any] = []  # modules whose call has not returned

    def intercept(f: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        module = context.module
        is_inherited = bool(running) and running[-1] is module  # by super().__call__
        if context.method_name != _CALL or is_inherited:
            return f(*args, **kwargs)
        running.append(module)
        try:
            made = f(*args, **kwargs)
        finally:
            running.pop()
        place = dotted(framework.path(module))
        if place in no_places or _are_weights(made, framework.weights(module)):
            return made
        return cut_all(made, place)

    return intercept


def _are_weights(made: Any, weights: Iterable[Any]) -> bool:
    """Whether a module returns its own weights, as that of fused gates in a cell does."""
    own = {id(one) for one in jax.tree.leaves(weights)}
    return bool(own) and all(id(one) in own for one in jax.tree.leaves(made))
