"""Inputs that fit a model in several ways, such as images with as many channels as pixels."""

from collections.abc import Callable, Iterable

import numpy as np

from compare.errors import UsageError
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.models.adapters import Adapter
from compare.implementations.programs.models.computed_weights import are_near
from compare.implementations.programs.running import guarded
from compare.problem.function import Arguments, FunctionProblem

_CHANNELS = 1  # the axis of channels that are not last
_FEWEST_AXES = 3


def are_ambiguous(inputs: Arguments) -> bool:
    """Whether channels may be moved in an array and leave it of the same shape."""
    shapes = [one.shape for one in inputs.arrays if one.ndim >= _FEWEST_AXES]
    return any(shape == np.moveaxis(np.empty(shape), _CHANNELS, -1).shape for shape in shapes)


def same_as_reference(
    first: Adapter,
    choices: Iterable[Adapter],
    program: Callable[[Adapter], Program],
    own: FunctionProblem,
    reference: Reference,
    problem: FunctionProblem,
) -> Adapter:
    """Returns the way to call a model in which it has the outputs of the reference.

    Args:
      first: the one to take if there is none.
      choices: the ways.
      program: returns the model, called in one of them.
      own: the problem as the model computes it.
      reference: that it stands beside.
      problem: of the reference.
    """
    theirs = reference.program.run(problem).outputs
    for choice in choices:
        try:
            made = guarded(program(choice)).run(own).outputs
        except UsageError:  # as a model raises that does not fit
            continue
        if are_near(made, theirs, problem.dtype):
            return choice
    return first
