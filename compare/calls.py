"""Calls of the library: one at a time, and only where there are numbers to compute with."""

import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from compare.errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")

_one_at_a_time = threading.RLock()  # may be taken again by what a call itself calls
_forked = False  # whether this process is the fork of one in which JAX had started


def exclusive(function: Callable[P, T]) -> Callable[P, T]:
    """Makes calls wait for one another.

    What torch is told, and where a user's code prints, holds for all threads of a process. So of
    two calls at once one would compute under the settings of the other, and leave them behind.

    Raises:
      UsageError: by that function, in a process in which JAX cannot compute, and inside `jax.jit`
        or `torch.func`.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if _forked:
            raise UsageError(
                f"{function.__name__}: expected a process of its own, got the fork of one in which "
                "JAX has started, where it would wait for ever; start processes with "
                "multiprocessing.get_context('spawn')"
            )
        if _inside_torch_func():
            raise UsageError(
                f"{function.__name__}: expected to be called on numbers, got a call inside "
                "torch.func, whose tensors stand for others; call it outside"
            )
        with _one_at_a_time:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                if not _inside_jit(error):
                    raise
        raise UsageError(
            f"{function.__name__}: expected to be called on numbers, got a call inside jax.jit, "
            "which traces and has none yet; call it outside"
        )

    return call


def _inside_jit(error: Exception) -> bool:
    """Whether arrays have no numbers, and that because even new ones are traced here."""
    jax = sys.modules.get("jax")
    if jax is None or not isinstance(error, jax.errors.TracerArrayConversionError):
        return False
    return isinstance(jax.numpy.zeros(()), jax.core.Tracer)


def _inside_torch_func() -> bool:
    """Whether new tensors are wrapped here: those of `functionalize` have no memory to read."""
    if "torch.func" not in sys.modules:  # torch may be half imported, by another thread
        return False
    functorch = sys.modules["torch"]._C._functorch  # no public name tells
    return functorch.peek_interpreter_stack() is not None


def _after_fork() -> None:
    """Notes that XLA's threads are gone, if there were any; whoever held the lock is gone too."""
    global _one_at_a_time, _forked
    _one_at_a_time = threading.RLock()
    bridge = sys.modules.get("jax._src.xla_bridge")  # no public name tells without starting JAX
    _forked = _forked or (bridge is not None and bridge.backends_are_initialized())


os.register_at_fork(after_in_child=_after_fork)
