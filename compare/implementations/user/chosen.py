"""Which reading of weights and gradients is meant: the one that certifies.

A reading says which array is which parameter, and in which layout. Where names, --layout and shapes
leave more than one, each is certified on the first samples. No reading makes a wrong gradient
right: one that certifies is the gradient of that network on those samples.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compare.errors import UsageError
from compare.formats.reading import Choice, Reading
from compare.implementations.user.trials import (
    Attempt,
    Readable,
    Trial,
    right_gradients,
    try_reading,
)
from compare.problem.answers import Answer
from compare.problem.problem import Problem, Problems

_MOST_TRIALS = 400
_MOST_NAMED = 4  # names of arrays that an error shows


class Chosen(NamedTuple):
    """The problem that is meant, and the gradients that were brought as answers to it."""

    problem: Problem
    answers: tuple[Answer, ...]
    choices: tuple[Choice, ...]  # of the gradients
    weights: Choice | None  # of the weights; None where nobody brought any
    doubt: str | None = None  # what to say of an order of layers that nothing has decided


def choose(problems: Problems, brought: Sequence[Readable]) -> Chosen:
    """Takes the problem and the readings that certify, or come nearest to it.

    Args:
      problems: what the weights may be.
      brought: gradients.

    Raises:
      UsageError: if gradients cannot be read for any problem, or if there are more readings than
        are tried and none of these certifies; or if nothing says in which order layers stand.
    """
    candidates = problems.candidates
    if not brought:
        if problems.doubt is not None and not problems.likely:
            raise UsageError(problems.doubt)
        return Chosen(candidates[0], (), (), _alone(candidates[0]), _doubt(problems, candidates[0]))
    attempts, complete = _attempts(candidates, brought)
    best = min(attempts, key=lambda one: one.rank)
    if not best.holds:
        attempts = list(_further(candidates, attempts, brought))
        best = min(attempts, key=lambda one: one.rank)
        _check_names_read(brought, best)
    if not complete and not best.holds:
        raise UsageError(
            f"{brought[0].where}: it can be read in so many ways that only {_MOST_TRIALS} were "
            "tried, and none of them certifies; expected names that say which array is which, such "
            "as w1 b1 w2 b2, and --layout"
        )
    whole = slice(0, best.problem.n_samples)
    return Chosen(
        best.problem,
        tuple(
            one.answer(best.problem, trial.reading, whole)
            for one, trial in zip(brought, best.best, strict=True)
        ),
        tuple(map(_choice, best.best, best.trials)),
        _weights(best, attempts),
        None if best.holds else _doubt(problems, best.problem),
    )


def _check_names_read(brought: Sequence[Readable], best: Attempt) -> None:
    """Checks that nothing is called wrong because of names that nobody here understands."""
    for one, trial in zip(brought, best.best, strict=True):
        names = () if trial.holds else one.unread_names(trial.reading)
        if names:
            shown = ", ".join(map(repr, names[:_MOST_NAMED])) + ", ..." * (len(names) > _MOST_NAMED)
            raise UsageError(
                f"{one.where}: the names {shown} do not say which numbers are which parameter, and "
                "they certify in no order that was tried; expected names such as w1 b1 w2 b2, or "
                "lines such as W1[0][1] = 0.5"
            )


def _attempts(
    candidates: Sequence[Problem], brought: Sequence[Readable]
) -> tuple[list[Attempt], bool]:
    """Tries readings of all problems; tells too whether there was time for all of them."""
    attempts: list[Attempt] = []
    fault: UsageError | None = None
    left = _MOST_TRIALS
    complete = True
    for problem in candidates:
        try:
            found = [list(one.readings(problem)) for one in brought]
        except UsageError as error:  # which does not fit this problem
            fault = fault or error
            continue
        certain = len(candidates) == 1 and all(len(readings) == 1 for readings in found)
        trials: list[list[Trial]] = []
        for one, readings in zip(brought, found, strict=True):
            tried = readings[: max(left, 1)]
            complete &= len(tried) == len(readings)
            left -= len(tried)
            trials.append(
                [
                    Trial(reading, None) if certain else try_reading(problem, one, reading)
                    for reading in tried
                ]
            )
        attempts.append(Attempt(problem, trials))
        if left <= 0:
            complete &= problem is candidates[-1]
            break
    if not attempts:
        assert fault is not None
        raise fault
    return attempts, complete


def _further(
    candidates: Sequence[Problem], attempts: Sequence[Attempt], brought: Sequence[Readable]
) -> Iterator[Attempt]:
    """Yields the attempts with more readings, and those of problems that none was left for."""
    yield from (_with_further(one, brought) for one in attempts)
    for problem in candidates:
        if not any(one.problem is problem for one in attempts):
            with contextlib.suppress(UsageError):  # where they do not fit this problem
                one = _with_further(Attempt(problem, [[] for _ in brought]), brought)
                if all(one.trials):
                    yield one


def _with_further(attempt: Attempt, brought: Sequence[Readable]) -> Attempt:
    """Tries more readings of one problem, where gradients have any."""
    problem = attempt.problem
    new: list[list[Reading]] = []
    for one, old in zip(brought, attempt.trials, strict=True):
        tried = [trial.reading for trial in old]
        found = one.further_readings(problem, functools.partial(right_gradients, problem))
        new.append([reading for reading in found if reading not in tried])
    if not any(new):
        return attempt
    trials: list[list[Trial]] = []
    for one, old, readings in zip(brought, attempt.trials, new, strict=True):
        untried = [trial.reading for trial in old if trial.certificate is None]
        kept = [trial for trial in old if trial.certificate is not None]
        fresh = [try_reading(problem, one, each) for each in (*untried, *readings)]
        trials.append(kept + fresh)
    return attempt._replace(trials=trials)


def _choice(taken: Trial, trials: Sequence[Trial]) -> Choice:
    others = [one for one in trials if one is not taken]
    return Choice(
        taken.reading,
        None if taken.certificate is None else taken.holds,
        failing=tuple(one.reading for one in others if not one.holds),
        holding=tuple(one.reading for one in others if one.holds),
        likely=taken is trials[0],
    )


def _weights(taken: Attempt, attempts: Sequence[Attempt]) -> Choice | None:
    choice = _alone(taken.problem)
    if choice is None or len(attempts) == 1:
        return choice
    others = [one for one in attempts if one is not taken]
    return dataclasses.replace(
        choice,
        holds=taken.holds,
        failing=tuple(
            one.problem.reading for one in others if one.problem.reading and not one.holds
        ),
        holding=tuple(one.problem.reading for one in others if one.problem.reading and one.holds),
        likely=taken is attempts[0],
    )


def _alone(problem: Problem) -> Choice | None:
    """Returns the choice of weights without any other."""
    return None if problem.reading is None else Choice(problem.reading)


def _doubt(problems: Problems, taken: Problem) -> str | None:
    if problems.doubt is None or taken.reading is None:
        return None
    return f"{problems.doubt}; read as {taken.reading.words}"
