"""A comparison of training runs: take every step, hold it against the reference, decide."""

from collections.abc import Sequence
from typing import Any

from compare.implementations.environment import describe_environment
from compare.problem.function import Arguments
from compare.steps.distances import Distances
from compare.steps.reference_step import reference_step
from compare.steps.results import StepsReport, TrainingStanding
from compare.steps.runs import Run
from compare.steps.trainings import Trainings
from compare.steps.trial import Trial
from compare.steps.verdict import BY_WEIGHT
from compare.verdict.headline import headline


def compare_runs(
    trainings: Trainings, batches: Sequence[Arguments], *, restart: bool, config: dict[str, Any]
) -> StepsReport:
    """Holds training runs against a reference.

    Args:
      trainings: the reference and the runs, none of which has taken a step.
      batches: one for each step.
      restart: whether each step of a run starts from what the reference had before it.
      config: what the report says of how it was made.
    """
    reference = trainings.reference
    trials = [Trial(run, trainings.examiner, restart=restart) for run in trainings.runs]
    distances = Distances(reference.snapshot, trainings.exact)
    for number, batch in enumerate(batches, start=1):
        step = reference_step(reference, number, batch)
        distances.step(step.after, batch)
        for trial in trials:
            trial.take(step, distances)
    return _report(reference, [trial.standing() for trial in trials], config)


def _report(
    reference: Run, standings: Sequence[TrainingStanding], config: dict[str, Any]
) -> StepsReport:
    deciding = max(standings, key=lambda one: BY_WEIGHT.index(one.verdict))

    def told(name: str, sentence: str) -> str:
        return f"{name}: {sentence}" if len(standings) > 1 else sentence

    first, where = headline(deciding.name, deciding.sentence, deciding.reason, basis=deciding.basis)
    remarks = (*where, *(told(one.name, text) for one in standings for text in one.remarks))
    return StepsReport(
        verdict=deciding.verdict,
        headline=first,
        reason="; ".join([first, *remarks]),
        remarks=remarks,
        warnings=tuple(told(one.name, text) for one in standings for text in one.warnings),
        config=config,
        environment=describe_environment(sorted({one.device for one in standings})),
        framework=reference.program.framework,
        device=reference.program.device,
        candidates=tuple(standings),
    )
