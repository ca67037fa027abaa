"""Arrays that exist already, as an implementation."""

from typing import Any

from compare.implementations.programs.base import Program
from compare.implementations.programs.returned import returned
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording


def program(name: str, arrays: Any) -> Program:
    """Returns (outputs, gradients) as a program that has run."""

    def run(problem: FunctionProblem) -> Recording:
        return returned(name, arrays, problem)

    return Program(name, "stored", run)
