"""What a comparison of training runs has found: plain data, and nothing about how it is shown."""

import dataclasses
from typing import Any

from compare.evidence.local.check import Check


@dataclasses.dataclass(frozen=True)
class StepResult:
    """One step of a candidate, from what it had before that.

    Attributes:
      number: of the step, from 1 on.
      verdict: 'agree', 'disagree' or 'undecided'.
      basis: what that rests on: 'certificate', 'float64' or 'nothing'.
      sentence: why.
      first: the first check that fails, in the order of the data; None if none does.
      gradients: the largest share of what rounding allows, of the gradients and of all places on
        the way to them; over 1 it is no rounding.
      update: that of the optimizer's state and the new weights.
      is_seen: whether it has moved any weight farther than rounding may.
      loss: before the step.
      reference_loss: that of the reference in its own run.
      apart: the largest |weight - that of the reference| after the step.
      rounding: how far the reference itself is from its run in float64 by then; None if unknown.
      change: how far its weights have moved since the start.
    """

    number: int
    verdict: str
    basis: str
    sentence: str
    first: Check | None
    gradients: float
    update: float
    is_seen: bool
    loss: float
    reference_loss: float
    apart: float
    rounding: float | None
    change: float

    @property
    def used(self) -> float:
        """The largest share of what rounding allows."""
        return max(self.gradients, self.update)


@dataclasses.dataclass(frozen=True)
class TrainingStanding:
    """One training run, and how it stands.

    Attributes:
      name: of the candidate.
      framework: 'jax' or 'torch'.
      device: where it was computed.
      verdict: 'agree', 'disagree' or 'undecided'.
      basis: what that rests on: 'certificate', 'float64' or 'nothing'.
      sentence: why.
      first: the first step that does not agree; None if all do.
      steps: all that were compared.
      reason: what is different in it, in a sentence; None if it is right or that is not known.
      silent_from: the step from which on the two runs' own difference says nothing, since rounding
        has moved the reference as far as training has; None if there is none.
      remarks: what else is to be known; a sentence each.
      warnings: what is unlikely, though possible.
    """

    name: str
    framework: str
    device: str
    verdict: str
    basis: str
    sentence: str
    first: StepResult | None
    steps: tuple[StepResult, ...]
    reason: str | None
    silent_from: int | None
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class StepsReport:
    """What was compared, what was found and what follows."""

    verdict: str  # 'agree', 'disagree' or 'undecided'
    headline: str  # one sentence for it
    reason: str  # the same with all remarks
    remarks: tuple[str, ...]  # a sentence each
    warnings: tuple[str, ...]
    config: dict[str, Any]
    environment: dict[str, Any]
    framework: str  # of the reference
    device: str
    candidates: tuple[TrainingStanding, ...]
