"""Of which framework a plain function is: it is tried, since nothing else tells."""

import functools
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.errors import RAISED, UsageError, first_line
from compare.implementations.programs.devices import target
from compare.implementations.programs.jax import as_call
from compare.implementations.programs.running import undisturbed
from compare.implementations.user.sandbox import errors_told
from compare.problem.function import Arguments, outputs_of
from compare.problem.structure import opened

_OTHERS = ("Tracer", "Tensor", "tensor")  # what errors call the arrays of another framework
_NUMPY = jax.errors.TracerArrayConversionError
_LACKS = "missing 1 required positional argument"
_COTANGENTS = (
    "a backward pass by hand, which takes the cotangents last, is given as "
    "Candidate(f, arrays='numpy', returns='both'), or with arrays of jax or torch"
)

Function = Callable[..., Any]


class Trial(NamedTuple):
    """What came of trying a function.

    Attributes:
      framework: 'jax', 'torch', or 'numpy' for what needs arrays that have numbers.
      made: what it returned, arrays or their shapes; None of NumPy, where it has not run.
    """

    framework: str
    made: Any


def tried(where: str, f: Function, arguments: Arguments, *, device: str, first: str) -> Trial:
    """Finds out of which framework a function is.

    Args:
      where: names the function, as errors begin.
      f: a function of arrays of JAX, of tensors, or of NumPy arrays.
      arguments: that it is called with.
      device: where tensors lie.
      first: 'jax' or 'torch', what it is if both can run it.

    Raises:
      UsageError: if none can run it, with what it raised in the framework that it is of.
    """
    trials: dict[str, Callable[[Function, Arguments], Any]] = {"jax": _traced_by_jax}
    trials["torch"] = functools.partial(_run_by_torch, device=device)
    errors: dict[str, BaseException] = {}
    for framework in sorted(trials, key=lambda one: one != first):
        try:
            with undisturbed(where):
                return Trial(framework, trials[framework](f, arguments))
        except UsageError:
            raise
        except RAISED as error:  # whatever a function raises
            errors[framework] = error
    if isinstance(errors["jax"], _NUMPY):
        return Trial("numpy", None)
    raised = _telling(where, errors)
    given = (lambda: _COTANGENTS) if where != "reference" and _LACKS in str(raised) else None
    with errors_told(f"{where}: cannot be run", given=given, passes=UsageError):
        raise raised
    raise AssertionError


def _traced_by_jax(f: Function, arguments: Arguments) -> Any:
    floats = {one.dtype for one in arguments.arrays if one.dtype.kind == "f"}
    with jax.enable_x64(np.dtype(np.float64) in floats):
        found = outputs_of(as_call(f), arguments)
    return found.in_structure(found.shapes)


def _run_by_torch(f: Function, arguments: Arguments, *, device: str) -> Any:
    from compare.implementations.base import PRECISE
    from compare.implementations.torch_settings import torch_settings
    from torch_ref.convert import to_tensor

    place = target("torch", device)
    leaves = arguments.filled([to_tensor(one, place) for one in arguments.arrays])
    for i in arguments.wrt:  # so that nothing goes on in NumPy; a clone may be changed in place
        leaves[i] = leaves[i].requires_grad_().clone()
    with torch_settings(PRECISE):
        made = opened(f(*arguments.structure.unflatten(leaves)))
    if not any(hasattr(one, "detach") for one in jax.tree.leaves(made)):
        raise TypeError("it returns no Tensor")
    return made


def _telling(where: str, errors: dict[str, BaseException]) -> BaseException:
    """Returns the error that says what is wrong, of those in both frameworks."""
    named = {name for error in errors.values() for name in _frameworks_in(error)}
    if len(named) == 1:
        return errors[named.pop()]
    own = [error for error in errors.values() if not any(n in str(error) for n in _OTHERS)]
    if len({first_line(error) for error in own}) == 1:
        return own[0]
    return UsageError(
        f"{where}: expected a function that JAX or torch can run; JAX says: "
        f"{first_line(errors['jax'])}; torch says: {first_line(errors['torch'])}"
    )


def _frameworks_in(error: BaseException) -> Iterator[str]:
    """Yields the frameworks that a user's code speaks of, on the way to where it raised."""
    step = error.__traceback__
    while step is not None:
        names = step.tb_frame.f_globals
        if _root(names.get("__name__", "")) not in ("jax", "torch", "compare"):
            for name in step.tb_frame.f_code.co_names:
                found = names.get(name, sys.modules.get(name))
                kind = "__name__" if isinstance(found, ModuleType) else "__module__"
                root = _root(getattr(found, kind, ""))
                if root in ("jax", "torch"):
                    yield root
        step = step.tb_next


def _root(name: Any) -> str:
    return str(name).partition(".")[0]
