"""Outputs and gradients that a program returns itself, or that exist already."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from compare.errors import UsageError, shown
from compare.problem.array_likes import array_of
from compare.problem.function import Arguments, named_outputs
from compare.problem.recording import Recording


def returned(name: str, made: Any, arguments: Arguments) -> Recording:
    """Reads (outputs, gradients).

    Args:
      name: of the program, for errors.
      made: a pair. Gradients are by the names of arguments in a dict, or a tree with one array for
        each argument that is differentiated, in their order; None stands for no gradient.
      arguments: by which it is differentiated.

    Raises:
      UsageError: for anything else.
    """
    if not isinstance(made, tuple) or len(made) != 2:
        raise UsageError(
            f"{name}: expected (outputs, gradients), got {_said(made)}; return both as a tuple"
        )
    outputs, gradients = made
    read = {at: array_of(f"{name}: {at}", one) for at, one in named_outputs(outputs)}
    return Recording(read, _gradients(name, gradients, arguments))


def _gradients(name: str, gradients: Any, arguments: Arguments) -> dict[str, np.ndarray]:
    wanted = [arguments.names[i] for i in arguments.wrt]
    if isinstance(gradients, Mapping) and set(gradients) == set(wanted):
        found = [gradients[one] for one in wanted]
    else:
        found = jax.tree.leaves(gradients)
    if len(found) != len(wanted):
        raise UsageError(
            f"{name}: expected {len(wanted)} gradients, by {', '.join(wanted)}, got {len(found)}; "
            "return them in that order, or in a dict by these names"
        )
    return {
        one: array_of(f"{name}: the gradient by {one}", slope)
        for one, slope in zip(wanted, found, strict=True)
    }


def _said(made: Any) -> str:
    return f"a tuple of {len(made)}" if isinstance(made, tuple) else shown(made)
