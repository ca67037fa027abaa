"""How far apart two runs are by now, beside what rounding makes of that."""

from typing import NamedTuple

import numpy as np

from compare.problem.function import Arguments
from compare.problem.recording import Recording
from compare.steps.optimizers.base import Snapshot
from compare.steps.rules.step import Arrays
from compare.steps.runs import Run


class Distance(NamedTuple):
    """Largest differences of weights, after a step.

    Attributes:
      apart: of a run from the reference.
      rounding: of the reference from its run in float64; None if there is none.
      change: of the reference from what it started with.
    """

    apart: float
    rounding: float | None
    change: float


class Distances:
    """Distances of weights: of runs from the reference, and of that from itself in float64."""

    def __init__(self, start: Snapshot, exact: Run | None) -> None:
        self._start, self._exact = start, exact
        self._rounding: float | None = None

    def step(self, now: Snapshot, batch: Arguments) -> None:
        """Lets the run in float64 take the step that the reference has taken."""
        if self._exact is not None:
            self._exact.step(self._exact.gradients(batch))
            self._rounding = _farthest(now.weights, self._exact.snapshot.weights)

    def of(self, reference: Snapshot, run: Snapshot) -> Distance:
        """Returns that of a run."""
        return Distance(
            _farthest(reference.weights, run.weights),
            self._rounding,
            _farthest(reference.weights, self._start.weights),
        )


def loss_of(found: Recording) -> float:
    """Returns the loss of a step."""
    return float(next(iter(found.outputs.values())))


def _farthest(a: Arrays, b: Arrays) -> float:
    """Returns the largest difference of any two entries; NaN where there is one."""
    with np.errstate(all="ignore"):
        each = [
            float(np.abs(one.astype(np.float64) - b[name].astype(np.float64)).max(initial=0))
            for name, one in a.items()
        ]
    return float(np.max(each, initial=0))
