"""The steps of a run whose updates fail, and why they do."""

import dataclasses

import numpy as np

from compare.steps.rules.explain import explain
from compare.steps.rules.inferred import inferred
from compare.steps.rules.step import Step

_EXPLAINED = 4  # steps, from the first that fails on, that an explanation has to hold for
_INFERRED = 3  # first steps of a reference that tell its rule


class FailingSteps:
    """Those that an explanation has to hold for: the first that fails, one before, some after."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._reference: list[Step] = []
        self._first: int | None = None  # the number of the first that fails

    def take(self, step: Step, reference: Step, *, fails: bool) -> None:
        """Takes note of a step of the run, and of that of its reference.

        Args:
          step: of the run.
          reference: of the reference.
          fails: whether the update of the run fails.
        """
        if len(self._reference) < _INFERRED:
            self._reference.append(reference)
        if self._first is None:
            self._steps = self._steps[-1:]
            self._first = step.number if fails else None
        if len(self._steps) <= _EXPLAINED:
            self._steps.append(step)

    def reason(self, dtype: np.dtype) -> str | None:
        """Returns what the run does in the place of what the reference does; None if unknown.

        The rule of a reference that does not show it is that which its first steps show.

        Args:
          dtype: in which both are computed.
        """
        if self._first is None:
            return None
        with np.errstate(all="ignore"):  # of numbers that overflow
            return self._reason(dtype)

    def _reason(self, dtype: np.dtype) -> str | None:
        if self._steps[0].rules:
            return self._explained(self._steps, dtype)
        rules = inferred(self._reference, dtype)
        if rules is None:
            return None
        (rule,) = set(rules.values())
        ruled = [dataclasses.replace(one, rules=rules) for one in self._steps]
        said = self._explained(ruled, dtype)
        return said and f"{said} (the steps of the reference are those of {rule.described})"

    def _explained(self, steps: list[Step], dtype: np.dtype) -> str | None:
        """Explains steps together with the one before them, or if that fails without it."""
        said = explain(steps, dtype)
        if said is not None or steps[0].number == self._first:
            return said
        later = explain(steps[1:], dtype)
        return later and f"from step {self._first:,} on, {later}"
