"""A comparison of training runs: take every step, hold it against the reference, decide."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from compare.evidence.local.check import Check, Checks
from compare.implementations.environment import describe_environment
from compare.pipeline.functions import Examiner
from compare.pipeline.run_evidence import RunEvidence
from compare.problem.function import Arguments
from compare.problem.recording import Recording
from compare.steps.distances import Distances, loss_of
from compare.steps.optimizers.base import Snapshot, State, Update
from compare.steps.results import StepResult, StepsReport, TrainingStanding
from compare.steps.runs import Run
from compare.steps.updates import Updates
from compare.steps.verdict import decide_update, first_step, silent_from
from compare.verdict.finding import Finding
from compare.verdict.functions import decide

_BY_WEIGHT = ("agree", "undecided", "disagree")


@dataclasses.dataclass(frozen=True, eq=False)
class ReferenceStep:
    """A step of the reference, in its own run.

    Attributes:
      number: from 1 on.
      batch: of it.
      update: how its optimizer takes it.
      before: what it had.
      found: what its program computed.
      after: what it has then.
    """

    number: int
    batch: Arguments
    update: Update
    before: Snapshot
    found: Recording
    after: Snapshot


def compare_runs(
    reference: Run,
    runs: Sequence[Run],
    exact: Run | None,
    examiner: Examiner,
    batches: Sequence[Arguments],
    *,
    restart: bool,
    config: dict[str, Any],
) -> StepsReport:
    """Holds training runs against a reference.

    Args:
      reference: that says what is right.
      runs: that are held against it.
      exact: the reference in float64; None if it cannot be computed in that.
      examiner: knows the equations of the reference.
      batches: one for each step.
      restart: whether each step of a run starts from what the reference had before it.
      config: what the report says of how it was made.
    """
    dtype = examiner.problem.dtype
    trials = [_Trial(run, examiner, Updates(dtype), restart=restart) for run in runs]
    distances = Distances(reference.snapshot, exact)
    for number, batch in enumerate(batches, start=1):
        step = _reference_step(reference, number, batch)
        distances.step(step.after, batch)
        for trial in trials:
            trial.take(step, reference, distances)
    return _report(reference, [trial.standing() for trial in trials], config)


def _reference_step(reference: Run, number: int, batch: Arguments) -> ReferenceStep:
    update, before = reference.optimizer.update, reference.snapshot
    found = reference.gradients(batch)
    reference.step(found)
    return ReferenceStep(number, batch, update, before, found, reference.snapshot)


class _Trial:
    """A candidate's run, and what was found at its steps so far."""

    def __init__(self, run: Run, examiner: Examiner, updates: Updates, *, restart: bool) -> None:
        self._run, self._examiner, self._updates = run, examiner, updates
        self._restart = restart
        self._state: State = {}  # as it should be
        self._steps: list[StepResult] = []
        self._remarks: dict[str, None] = {}
        self._warnings: dict[str, None] = {}

    def take(self, step: ReferenceStep, reference: Run, distances: Distances) -> None:
        """Takes the same step."""
        if self._restart:
            self._run.start_from(reference, step.before)
        examiner = self._examiner.at(self._run.problem(step.batch))
        evidence = examiner.examined(self._run.program, self._examiner.inside)
        before = self._filled(step)
        self._run.step(evidence.recording)
        after = self._run.snapshot
        checks, self._state = self._updates.held(
            step.update, before, evidence.recording.gradients, after
        )
        finding = self._decided(step, evidence, checks)
        self._steps.append(
            StepResult(
                step.number,
                verdict=finding.verdict,
                basis=finding.basis,
                sentence=finding.sentence,
                first=finding.first,
                gradients=_most(evidence.checks),
                update=_most(checks),
                loss=loss_of(evidence.recording),
                reference_loss=loss_of(step.found),
                **distances.of(step.after, after)._asdict(),
            )
        )

    def _filled(self, step: ReferenceStep) -> Snapshot:
        """Returns what the run has before a step; a state that cannot be seen is as it should be.

        At the start that is what the reference begins with.
        """
        seen = self._run.snapshot
        if step.number == 1:
            return dataclasses.replace(seen, state=step.before.state)
        known = step.before.state if self._restart else self._state
        state = {
            slot: {**known.get(slot, {}), **seen.state.get(slot, {})}
            for slot in dict.fromkeys([*known, *seen.state])
        }
        return dataclasses.replace(seen, state=state)

    def _decided(self, step: ReferenceStep, evidence: RunEvidence, checks: Checks) -> Finding:
        """Decides on a step; once one has failed, by its checks alone."""
        if any(one.verdict == "disagree" for one in self._steps):
            return _by_checks((*evidence.checks, *checks))
        made = decide(evidence)
        self._note(step.number, made)
        if made.verdict == "disagree":
            return made

        def own() -> Checks:
            gradients = step.found.gradients
            return self._updates.held(step.update, step.before, gradients, step.after).checks

        updated = decide_update(checks, own)
        if _BY_WEIGHT.index(updated.verdict) > _BY_WEIGHT.index(made.verdict):
            return updated
        return made

    def _note(self, number: int, finding: Finding) -> None:
        """Keeps what is to be known of a step, the first time that it comes."""
        known = {one.partition(": ")[2] for one in (*self._remarks, *self._warnings)}
        for kept, texts in ((self._remarks, finding.remarks), (self._warnings, finding.warnings)):
            for text in texts:
                if text not in known:
                    kept[f"at step {number}: {text}"] = None

    def standing(self) -> TrainingStanding:
        """Says how the run stands."""
        steps = tuple(self._steps)
        first = first_step(steps)
        bases = {one.basis for one in steps}
        said = f"all {len(steps)} steps" if len(steps) > 1 else "its step"
        sentence = f"at {said} every difference is rounding"
        if first is not None:
            sentence = f"step {first.number}, {first.sentence}"
        return TrainingStanding(
            self._run.program.name,
            self._run.program.framework,
            self._run.program.device,
            "agree" if first is None else first.verdict,
            (
                ("float64" if "float64" in bases else "certificate")
                if first is None
                else first.basis
            ),
            sentence,
            first,
            steps,
            silent_from(steps),
            tuple(self._remarks),
            tuple(self._warnings),
        )


def _by_checks(checks: Checks) -> Finding:
    """Decides on a step after one that has failed."""
    wrong: Check | None = next((one for one in checks if not one.holds), None)
    if wrong is None:
        return Finding("agree", "certificate", "every difference is rounding")
    return Finding("disagree", "certificate", "as at the step before", wrong)


def _most(checks: Checks) -> float:
    return max((one.used for one in checks), default=0.0)


def _report(
    reference: Run, standings: Sequence[TrainingStanding], config: dict[str, Any]
) -> StepsReport:
    deciding = max(standings, key=lambda one: _BY_WEIGHT.index(one.verdict))

    def told(name: str, sentence: str) -> str:
        return f"{name}: {sentence}" if len(standings) > 1 else sentence

    remarks = tuple(told(one.name, text) for one in standings for text in one.remarks)
    headline = f"{deciding.name}: {deciding.sentence}"
    return StepsReport(
        verdict=deciding.verdict,
        headline=headline,
        reason="; ".join([headline, *remarks]),
        remarks=remarks,
        warnings=tuple(told(one.name, text) for one in standings for text in one.warnings),
        config=config,
        environment=describe_environment(sorted({one.device for one in standings})),
        framework=reference.program.framework,
        device=reference.program.device,
        candidates=tuple(standings),
    )
