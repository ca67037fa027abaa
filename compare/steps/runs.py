"""A training run under way: a program that makes gradients, and an optimizer."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from compare.implementations.programs.base import Program
from compare.problem.function import Arguments, FunctionProblem
from compare.problem.recording import Recording
from compare.steps.optimizers.base import Optimizer, Snapshot
from compare.steps.rules.step import Arrays


class Run:
    """A training run, and what it has now.

    Attributes:
      program: that makes gradients.
      optimizer: with the weights.
      held: all arguments of the program by name; of the weights as they were at the start.
    """

    def __init__(self, program: Program, optimizer: Optimizer, problem: FunctionProblem) -> None:
        self.program = dataclasses.replace(program, run=_once(program))
        self.optimizer = optimizer
        self._problem = problem
        self.held: Mapping[str, Any] = _named(problem.arguments)

    @property
    def snapshot(self) -> Snapshot:
        """Its weights and the state of its optimizer."""
        return self.optimizer.snapshot

    def problem(self, batch: Arguments) -> FunctionProblem:
        """Returns what its next step computes."""
        given, weights = self._problem.arguments, self.snapshot.weights
        held = {**self.held, **weights}
        inputs = batch.in_dtype(self._problem.dtype).leaves
        names = given.names[: len(given.names) - len(inputs)]
        leaves = (*(held[name] for name in names), *inputs)
        arguments = dataclasses.replace(given, leaves=leaves)
        return dataclasses.replace(self._problem, arguments=arguments)

    def gradients(self, batch: Arguments) -> Recording:
        """Computes what its next step needs."""
        with jax.enable_x64(self._problem.dtype == np.float64):
            return self.program.run(self.problem(batch))

    def step(self, found: Recording) -> None:
        """Takes a step, with gradients and statistics that were computed."""
        self.optimizer.step(found.gradients)
        self.held = {**self.held, **_like(found.statistics, self.held)}

    def start_from(self, before: Snapshot, held: Mapping[str, Any]) -> None:
        """Takes what another run had before a step.

        Args:
          before: its weights, and the state of its optimizer.
          held: its arguments, statistics among them.
        """
        self.optimizer.start_from(before)
        self.held = held


def _once(program: Program) -> Any:
    """Leaves out that a program may be run once more without recording its places."""
    return lambda problem: dataclasses.replace(program.run(problem), plain=None)


def _named(arguments: Arguments) -> dict[str, Any]:
    return dict(zip(arguments.names, arguments.leaves, strict=True))


def _like(statistics: Arrays, held: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns statistics in the dtypes that they are held in."""
    return {name: np.asarray(one).astype(held[name].dtype) for name, one in statistics.items()}
