"""What programs computed, kept while they are compared."""

import dataclasses
from collections.abc import Collection

import numpy as np

from compare.implementations.programs.base import Program
from compare.problem.function import FunctionProblem
from compare.problem.recording import Recording


class Recordings:
    """The recordings of programs by name: of each program its first run in one of some dtypes."""

    def __init__(self, dtypes: Collection[np.dtype]) -> None:
        """Takes the dtypes; runs in others are not kept."""
        self.by_name: dict[str, Recording] = {}
        self._dtypes = dtypes

    def keeping(self, one: Program) -> Program:
        """Returns a program that does the same, and whose recording is kept here."""

        def run(problem: FunctionProblem) -> Recording:
            found = one.run(problem)
            if problem.dtype in self._dtypes:
                self.by_name.setdefault(one.name, found)
            return found

        return dataclasses.replace(one, run=run)
