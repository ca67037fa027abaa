"""A step of the reference, in its own run."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from compare.problem.function import Arguments
from compare.problem.recording import Recording
from compare.steps.optimizers.base import Snapshot, Update, step_of
from compare.steps.rules.step import Step
from compare.steps.runs import Run


@dataclasses.dataclass(frozen=True, eq=False)
class ReferenceStep:
    """What the reference had, and what it did.

    Attributes:
      number: from 1 on.
      batch: of the step.
      held: what its program was given besides weights: statistics, say.
      update: how its optimizer takes it.
      before: what it had.
      found: what its program computed.
      after: what it has then.
    """

    number: int
    batch: Arguments
    held: Mapping[str, Any]
    update: Update
    before: Snapshot
    found: Recording
    after: Snapshot

    @property
    def taken(self) -> Step:
        """The update alone."""
        return step_of(self.update, self.before, self.found.gradients, self.after)


def reference_step(reference: Run, number: int, batch: Arguments) -> ReferenceStep:
    """Lets the reference take a step."""
    update, before, held = reference.optimizer.update, reference.snapshot, reference.held
    found = reference.gradients(batch)
    reference.step(found)
    return ReferenceStep(number, batch, held, update, before, found, reference.snapshot)
