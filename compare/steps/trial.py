"""A candidate's training run under way, and what was found at its steps so far."""

import dataclasses
from collections.abc import Callable

import numpy as np

from compare.evidence.local.check import Checks
from compare.pipeline.functions import Examiner
from compare.pipeline.reasons import reason_for
from compare.pipeline.run_evidence import RunEvidence
from compare.steps.convention import Convention, by_weights, may_be_convention
from compare.steps.distances import Distances, loss_of
from compare.steps.exact_results import with_results
from compare.steps.exact_update import ExactUpdate, exact_update
from compare.steps.failing import FailingSteps
from compare.steps.optimizers.base import Snapshot, step_of
from compare.steps.reference_step import ReferenceStep
from compare.steps.results import StepResult, TrainingStanding
from compare.steps.rules.step import Slots, Step
from compare.steps.runs import Run
from compare.steps.updates import Made, Updates
from compare.steps.verdict import decide_later, decide_run, decide_step, silent_from
from compare.verdict.finding import Finding
from compare.verdict.functions import decide

_EXACT = np.dtype(np.float64)


class Trial:
    """A candidate's run."""

    def __init__(self, run: Run, examiner: Examiner, *, restart: bool) -> None:
        """Begins.

        Args:
          run: of the candidate.
          examiner: knows the equations of the reference.
          restart: whether each step starts from what the reference had.
        """
        self._run, self._examiner, self._restart = run, examiner, restart
        self._updates = Updates(examiner.problem.dtype)
        self._state: Slots = {}  # as it should be
        self._results: list[StepResult] = []
        self._offsets = run.optimizer.offsets
        self._failing = FailingSteps()
        self._reason: str | None = None
        self._convention: Convention | None = None
        self._by_weights: list[StepResult] = []  # as it holds for a state of another convention
        self._ended: int | None = None  # the first step that is not taken
        self._told: dict[str, dict[str, None]] = {"remarks": {}, "warnings": {}}

    def take(self, step: ReferenceStep, distances: Distances) -> None:
        """Takes the step that the reference has taken, as long as weights are finite."""
        if self._restart:
            self._run.start_from(step.before, step.held)
        if self._ended or not _is_finite(self._run.snapshot):
            self._ended = self._ended or step.number
            return
        examiner = self._examiner.at(self._run.problem(step.batch))
        evidence = examiner.examined(self._run.program, self._examiner.inside)
        before, exactly = self._filled(step), self._run.optimizer.copied(_EXACT)
        self._run.step(evidence.recording)
        after = self._run.snapshot
        taken = step_of(step.update, before, evidence.recording.gradients, after)
        made = self._updates.held(step.update, taken, self._offsets)
        self._state = made.state
        gradients = self._gradients(examiner, evidence, step.number)
        finding = self._decided(
            gradients,
            evidence,
            step,
            made,
            taken,
            lambda: exact_update(step.update, exactly, taken),
        )
        fails = finding.first is not None and finding.first in made.checks
        self._failing.take(taken, step.taken, fails=fails)
        result = StepResult(
            step.number,
            verdict=finding.verdict,
            basis=finding.basis,
            sentence=finding.sentence,
            first=finding.first,
            gradients=_most(evidence.checks),
            update=_most(made.checks),
            is_seen=made.is_seen,
            loss=loss_of(evidence.recording),
            reference_loss=loss_of(step.found),
            **distances.of(step.after, after)._asdict(),
        )
        self._results.append(result)
        if self._convention and gradients is not None:
            update = self._convention.take(self._updates, step.update, taken, self._offsets)
            self._by_weights.append(by_weights(result, gradients, update))

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

    def _gradients(self, examiner: Examiner, evidence: RunEvidence, number: int) -> Finding | None:
        """Decides on gradients; None once they are of no weight, since the run is wrong."""
        if self._is_wrong and not (self._convention and self._convention.is_possible):
            return None
        found = with_results(decide(evidence), evidence, examiner)
        self._note(number, found)
        return found

    @property
    def _is_wrong(self) -> bool:
        return any(one.verdict == "disagree" for one in self._results)

    def _decided(
        self,
        gradients: Finding | None,
        evidence: RunEvidence,
        step: ReferenceStep,
        made: Made,
        taken: Step,
        exact: Callable[[], ExactUpdate],
    ) -> Finding:
        """Decides on a step; once one has failed, by its checks alone."""
        if gradients is None or self._is_wrong:
            return decide_later((*evidence.checks, *made.checks))

        def own() -> Checks:
            return self._updates.held(step.update, step.taken).checks

        finding = decide_step(gradients, made.checks, own, exact)
        self._note(step.number, finding)
        if finding is gradients:
            self._reason = reason_for(evidence, finding)
        elif finding.verdict == "disagree" and self._offsets:
            self._reason = self._updates.of_sums(step.update, taken, self._offsets)
        if step.number == 1 and may_be_convention(finding):
            self._convention = Convention(restart=self._restart)
        return finding

    def _note(self, number: int, finding: Finding) -> None:
        """Keeps what is to be known of a step, the first time that it comes."""
        for kind, texts in (("remarks", finding.remarks), ("warnings", finding.warnings)):
            known = {one.partition(": ")[2] for one in self._told[kind]}
            for text in texts:
                if text not in known:
                    self._told[kind][f"at step {number:,}: {text}"] = None

    def standing(self) -> TrainingStanding:
        """Says how the run stands."""
        results, dtype = tuple(self._results), self._examiner.problem.dtype
        convention = self._convention if self._convention and self._convention.is_other else None
        if convention and not self._restart:
            results = tuple(self._by_weights)
        finding, first = decide_run(results, dtype.name)
        if convention:
            finding = convention.decide(finding, self._results[0])
        is_update = finding.first is not None and finding.first.kind in ("state", "weights")
        is_wrong = is_update and finding.verdict == "disagree"
        reason = self._reason or (self._failing.reason(dtype) if is_wrong else None)
        return TrainingStanding(
            name=self._run.program.name,
            framework=self._run.program.framework,
            device=self._run.program.device,
            verdict=finding.verdict,
            basis=finding.basis,
            sentence=finding.sentence,
            first=first,
            steps=results,
            reason=reason,
            silent_from=silent_from(results),
            remarks=(*self._told["remarks"], *finding.remarks, *self._end()),
            warnings=tuple(self._told["warnings"]),
        )

    def _end(self) -> tuple[str, ...]:
        """Says where the run has ended before its time."""
        if self._ended is None:
            return ()
        return (
            f"after step {self._ended - 1:,} its weights are not finite, so that no more are taken",
        )


def _is_finite(snapshot: Snapshot) -> bool:
    return all(np.isfinite(one.astype(np.float64)).all() for one in snapshot.weights.values())


def _most(checks: Checks) -> float:
    return max((one.used for one in checks), default=0.0)
