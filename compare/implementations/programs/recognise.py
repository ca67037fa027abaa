"""Which kind of program it is that a user brings."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError, first_line, shown
from compare.implementations.programs import both, stored
from compare.implementations.programs import jax as on_jax
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.candidate import Candidate
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.torch_module import is_module
from compare.problem.function import Arguments, FunctionProblem, outputs_of


def reference_of(given: Any, inputs: Arguments) -> Reference:
    """Returns a reference: a torch module, a function of JAX, or one of torch.

    Raises:
      UsageError: for anything else.
    """
    if is_module(given):
        from compare.implementations.programs import torch as on_torch

        return on_torch.module_reference(given, inputs)
    if not callable(given):
        raise UsageError(
            f"reference: expected a function of JAX or torch, or a torch module, got {shown(given)}"
        )
    refused = _refused_by_jax(given, inputs)
    if refused is None:
        return on_jax.reference(given, inputs)
    from compare.implementations.programs import torch as on_torch

    with errors_told(f"reference: it is no function of JAX ({refused}), and in torch it raised"):
        return on_torch.function_reference(given, inputs)


def program_of(name: str, given: Any, problem: FunctionProblem) -> Program:
    """Returns a candidate as a program.

    Raises:
      UsageError: for what is none.
    """
    style = given if isinstance(given, Candidate) else Candidate(given)
    f, arrays = style.function, style.arrays
    if is_module(f):
        from compare.implementations.programs import torch as on_torch

        return on_torch.module_program(name, f)
    if isinstance(f, tuple):
        return stored.program(name, f)
    if not callable(f):
        raise UsageError(
            f"{name}: expected a function, a torch module, or (outputs, gradients), got {shown(f)}"
        )
    if style.returns == "both" or arrays == "numpy":
        return both.program(name, f, arrays or "numpy")
    if arrays == "jax" or (arrays is None and _refused_by_jax(f, problem.arguments) is None):
        return on_jax.program(name, f)
    from compare.implementations.programs import torch as on_torch

    return on_torch.function_program(name, f)


def _refused_by_jax(f: Callable[..., Any], arguments: Arguments) -> str | None:
    """Returns why JAX cannot trace a function; None if it can."""
    floats = {one.dtype for one in arguments.arrays if one.dtype.kind == "f"}
    try:
        with contained(), jax.enable_x64(np.dtype(np.float64) in floats):
            outputs_of(on_jax.as_call(f), arguments)
    except Exception as error:
        return f"{type(error).__name__}: {first_line(error)}"
    return None
