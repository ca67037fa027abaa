"""A function with a backward pass of its own: it returns outputs and gradients."""

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from compare.implementations.programs.base import Program
from compare.implementations.programs.devices import target
from compare.implementations.programs.returned import returned
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording


def program(name: str, f: Callable[..., Any], arrays: str, device: str) -> Program:
    """Returns such a function as a program.

    Args:
      name: of the program.
      f: returns (outputs, gradients); it takes the arguments and, unless its output is one loss,
        the cotangents in the structure of the outputs.
      arrays: what it takes: 'numpy', 'jax' or 'torch' arrays.
      device: where these lie, but for those of NumPy.
    """

    def run(problem: FunctionProblem) -> Recording:
        convert = _converter(arrays, device)
        args = problem.arguments.filled(list(map(convert, problem.arguments.arrays)))
        given = problem.arguments.structure.unflatten(args)
        if not problem.outputs.is_loss:
            seeds = {at: convert(one) for at, one in problem.cotangents.items()}
            given = (*given, problem.outputs.in_structure(seeds))
        return returned(name, f(*given), problem)

    return Program(name, arrays, run, "cpu" if arrays == "numpy" else device)


def _converter(arrays: str, device: str) -> Callable[[np.ndarray], Any]:
    if arrays == "torch":
        from torch_ref.convert import to_tensor

        return functools.partial(to_tensor, device=target("torch", device))
    return jnp.asarray if arrays == "jax" else np.array
