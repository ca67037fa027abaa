"""Optimizers of torch and optax, right and wrong, as `compare_steps` judges them."""

import fnmatch

from compare.errors import UsageError
from compare.selftest.optimizer_mistakes import MISTAKES, OptimizerMistake
from compare.selftest.optimizer_mistakes.correct import CORRECT, CorrectTraining
from compare.steps_api import compare_steps

_RIGHT, _WRONG = 50, 3  # steps of trainings that are right, and of those that are not
_LEAST_NAMED = 0.8  # of the mistakes


def try_optimizers(pattern: str, *, seed: int) -> int:
    """Tries optimizers that are right, and such with mistakes; returns a status.

    Args:
      pattern: of the names of both, as of files.
      seed: of weights and batches.

    Raises:
      UsageError: if nothing has such a name.
    """
    correct = [one for one in CORRECT if fnmatch.fnmatchcase(one.title, pattern)]
    mistakes = [one for one in MISTAKES if fnmatch.fnmatchcase(one.name, pattern)]
    if not correct and not mistakes:
        raise UsageError(
            f"--optimizers: expected a pattern of names such as {CORRECT[0].title!r} or "
            f"{MISTAKES[0].name!r}, got {pattern!r}"
        )
    alarms = sum(_alarms(one, seed) for one in correct)
    outcomes = [_outcome(one, seed) for one in mistakes]
    found = sum(outcome != "missed" for outcome in outcomes)
    named, misnamed = outcomes.count("named"), outcomes.count("misnamed")
    print(f"\nright trainings: {len(correct)}; alarms: {alarms}")
    print(f"mistakes: {len(mistakes)}; found where they begin: {found}")
    print(f"rightly named: {named}; wrongly: {misnamed}")
    is_good = found == len(mistakes) and named >= _LEAST_NAMED * len(mistakes)
    return 0 if is_good and not alarms and not misnamed else 2


def _alarms(training: CorrectTraining, seed: int) -> int:
    """Prints what is said of trainings that are right, and returns how many do not agree."""
    reference, candidates, batches = training.trainings(seed)
    report = compare_steps(reference, candidates, batches, steps=_RIGHT)
    wrong = [one for one in report.candidates if one.verdict != "agree" or one.warnings]
    print(f"{training.title:40s} {report.verdict}", flush=True)
    for one in wrong:
        print(f"alarm: {training.title}: {one.name}: {'; '.join((one.sentence, *one.warnings))}")
    return len(wrong)


def _outcome(mistake: OptimizerMistake, seed: int) -> str:
    """Prints what is said of a mistake; 'named', 'misnamed', 'not named' or 'missed'."""
    reference, candidate, batches = mistake.trainings(seed)
    steps = max(_WRONG, mistake.first + 1)
    (found,) = compare_steps(reference, candidate, batches, steps=steps).candidates
    first = None if found.first is None else found.first.number
    if (found.verdict, first) != ("disagree", mistake.first):
        outcome = "missed"
    elif found.reason is None:
        outcome = "not named"
    else:
        outcome = "named" if mistake.words in found.reason else "misnamed"
    print(f"{mistake.name:40s} {found.verdict} {outcome}", flush=True)
    if outcome != "named":
        print(f"{outcome}: {mistake.name}: {found.reason or found.sentence}")
    return outcome
