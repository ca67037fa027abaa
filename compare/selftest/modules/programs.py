"""Correct programs beside a module: itself, itself compiled, and its twin in JAX.

The fourth is the module beside its twin, which then says what is right.
"""

import copy
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from compare.selftest.modules.example import Example

PROGRAMS = ("eager", "compiled", "jax", "torch")


def correct_programs(example: Example, module: nn.Module, *, with_compiled: bool) -> dict[str, Any]:
    """Returns what is to agree with a module, by the first names of PROGRAMS."""
    programs: dict[str, Any] = {"eager": copy.deepcopy(module)}
    if with_compiled:
        programs["compiled"] = torch.compile(_as_function(copy.deepcopy(module)))
    if example.twin is not None:
        programs["jax"] = example.twin
    return programs


def _as_function(module: nn.Module) -> Callable[..., Any]:
    """Returns a function of (state, *inputs)."""
    return lambda state, *inputs: torch.func.functional_call(module, state, inputs)


@functools.cache
def why_not_compiled() -> str:
    """Returns what `torch.compile` lacks on this machine, '' if nothing."""
    try:
        torch.compile(torch.sin)(torch.zeros(3))
    except Exception as error:
        return str(error).strip().partition("\n")[0] or type(error).__name__
    return ""
