"""A function with a backward pass of its own: it returns outputs and gradients."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.implementations.programs.base import Program
from compare.implementations.programs.returned import returned
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording


def program(name: str, f: Callable[..., Any], arrays: str) -> Program:
    """Returns such a function as a program.

    Args:
      name: of the program.
      f: returns (outputs, gradients); it takes the arguments and, unless its output is one loss,
        the cotangents in the structure of the outputs.
      arrays: what it takes: 'numpy', 'jax' or 'torch' arrays.
    """

    def run(problem: FunctionProblem) -> Recording:
        convert = _converter(arrays)
        args = problem.arguments.filled(list(map(convert, problem.arguments.arrays)))
        given = problem.arguments.structure.unflatten(args)
        if not problem.outputs.is_loss:
            seeds = {at: convert(one) for at, one in problem.cotangents.items()}
            given = (*given, problem.outputs.in_structure(seeds))
        return returned(name, f(*given), problem.arguments)

    return Program(name, arrays, run)


def _converter(arrays: str) -> Callable[[np.ndarray], Any]:
    if arrays == "torch":
        from torch_ref.convert import to_tensor

        return to_tensor
    return jnp.asarray if arrays == "jax" else np.array
