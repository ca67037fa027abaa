"""Trainings that are right, and optimizers with mistakes, beside the same in torch."""

from compare.selftest.optimizer_mistakes import MISTAKES, OptimizerMistake
from compare.selftest.optimizer_mistakes.correct import CORRECT, CorrectTraining
from compare.steps.results import TrainingStanding
from compare.steps_api import compare_steps

_STEPS = 5  # of an optimizer with a mistake
_LEAST_PLACED, _LEAST_NAMED = 0.95, 0.8  # of the mistakes


def try_training(steps: int, *, seed: int) -> int:
    """Tries trainings that are right for so many steps, and all mistakes; returns a status.

    Args:
      steps: of the trainings that are right.
      seed: of weights and batches.
    """
    print("                                         verdict  basis       gradients update")
    alarms = sum([_try_right(one, steps, seed) for one in CORRECT])
    print(f"\ntrainings: {len(CORRECT)}; alarms: {alarms}")
    outcomes = [_try_mistake(one, seed) for one in MISTAKES]
    found, placed, named, misnamed = (sum(column) for column in zip(*outcomes, strict=True))
    print(
        f"mistakes: {len(MISTAKES)}; found at the step where they act: {placed}; "
        f"elsewhere: {found - placed}; missed: {len(MISTAKES) - found}"
    )
    print(f"rightly named: {named}; wrongly: {misnamed}")
    least = _LEAST_PLACED * len(MISTAKES), _LEAST_NAMED * len(MISTAKES)
    is_good = placed >= least[0] and named >= least[1]
    return 0 if is_good and not alarms and not misnamed else 2


def _try_right(training: CorrectTraining, steps: int, seed: int) -> int:
    """Compares a training that is right, prints a row, and returns how many alarms there are."""
    reference, candidates, batches = training.trainings(seed)
    found = compare_steps(reference, candidates, batches, steps=steps).candidates
    for one in found:
        name = f"{training.port.network.name}, {training.name}, {one.name}"
        gradients = max(step.gradients for step in one.steps)
        update = max(step.update for step in one.steps)
        print(
            f"{name:40s} {one.verdict:9s}{one.basis:11s} {gradients:9.3f} {update:6.3f}", flush=True
        )
        if one.verdict != "agree":
            print(f"alarm: {name}: {one.sentence}")
    return sum(one.verdict != "agree" for one in found)


def _try_mistake(mistake: OptimizerMistake, seed: int) -> tuple[bool, bool, bool, bool]:
    """Returns whether a mistake is found, at the step where it acts, named rightly, and wrongly."""
    reference, candidate, batches = mistake.trainings(seed)
    report = compare_steps(reference, candidate, batches, steps=_STEPS)
    (found,) = report.candidates
    is_found = found.verdict == "disagree"
    is_placed = is_found and found.first is not None and found.first.number == mistake.first
    is_named = mistake.words in (found.reason or "")
    if not (is_placed and is_named):
        print(f"{mistake.name}: {_said(found)}", flush=True)
    return is_found, is_placed, is_named, found.reason is not None and not is_named


def _said(found: TrainingStanding) -> str:
    return f"{found.verdict}: {found.reason or found.sentence}"
