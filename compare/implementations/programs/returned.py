"""Outputs and gradients that a program returns itself, or that exist already."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError, shown
from compare.numbers import first_few
from compare.problem.array_likes import real_array
from compare.problem.function import Arguments, FunctionProblem, named_outputs
from compare.problem.recording import Recording
from compare.problem.structure import restructured

_MOST_NAMED = 6


def returned(name: str, made: Any, problem: FunctionProblem) -> Recording:
    """Reads (outputs, gradients).

    Args:
      name: of the program, for errors.
      made: a pair. Gradients are by the names of arguments in a dict, or a tree with one array for
        each argument that is differentiated, in their order; None stands for zeros.
      problem: that was computed.

    Raises:
      UsageError: for anything else.
    """
    if not isinstance(made, tuple) or len(made) != 2:
        raise UsageError(
            f"{name}: expected (outputs, gradients), got {_said(made)}; return both as a tuple"
        )
    outputs = named_outputs(restructured(made[0], problem.outputs, name))
    read = {at: real_array(f"{name}: {at}", one) for at, one in outputs}
    return Recording(read, _gradients(name, made[1], problem.arguments))


def _gradients(name: str, gradients: Any, arguments: Arguments) -> dict[str, np.ndarray]:
    wanted = {arguments.names[i]: arguments.leaves[i] for i in arguments.wrt}
    if isinstance(gradients, Mapping) and set(gradients) == set(wanted):
        found = [gradients[one] for one in wanted]
    else:
        found = jax.tree.leaves(gradients, is_leaf=lambda one: one is None)
    if len(found) != len(wanted):
        by = first_few([*wanted], _MOST_NAMED)
        raise UsageError(
            f"{name}: expected {len(wanted)} gradients, by {by}, got {len(found)}; return them in "
            "this order, or in a dict by these names, or choose others by wrt="
        )
    pairs = zip(wanted.items(), found, strict=True)
    return {one: _gradient(f"{name}: {one}", slope, array) for (one, array), slope in pairs}


def _gradient(where: str, slope: Any, array: np.ndarray) -> np.ndarray:
    """Reads the gradient by one argument, which has its shape."""
    if slope is None:
        return np.zeros_like(array)
    found = real_array(where, slope)
    if found.shape != array.shape:
        raise UsageError(
            f"{where}: expected a gradient of its shape {array.shape}, got {found.shape}"
        )
    return found


def _said(made: Any) -> str:
    return f"a tuple of {len(made)}" if isinstance(made, tuple) else shown(made)
