"""Which reading of weights and gradients is meant: the one that certifies.

A reading says which array is which parameter, and in which layout. Where names, --layout and shapes
leave more than one, each is certified on the first samples. No reading makes a wrong gradient
right: one that certifies is the gradient of that network on those samples.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from compare.errors import UsageError
from compare.evidence.certificate.case import make_case
from compare.evidence.certificate.certificate import Certificate, certify
from compare.evidence.certificate.rungs import rungs
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.formats.reading import Choice, Reading
from compare.implementations.user.trials import Attempt, Trial
from compare.problem.answers import Answer
from compare.problem.problem import Problem, Problems

_TRIED_SAMPLES = 16
_TRIED_ENTRIES = 2**22  # of the gradients of those samples: fewer of them where a network is large
_MOST_TRIALS = 400
_MOST_NAMED = 4  # names of arrays that an error shows


class Readable(Protocol):
    """Gradients that somebody brought, which may be read in several ways."""

    where: str  # what they came from, to be named in errors

    def readings(self, problem: Problem) -> Sequence[Reading]:
        """Returns every way to read them as the gradients of a problem, the most likely first.

        Raises:
          UsageError: if there is none.
        """

    def further_readings(self, problem: Problem) -> Sequence[Reading]:
        """Returns others that are tried if none of `readings` certifies."""

    def unread_names(self, reading: Reading) -> Sequence[str]:
        """Returns the names of arrays of which a reading makes nothing, though they may mean it."""

    def answer(self, problem: Problem, reading: Reading, rows: slice) -> Answer:
        """Returns the gradients of some samples by one of the readings.

        Raises:
          UsageError: if they cannot be those.
        """


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
        more, _ = _attempts(candidates, brought, further=True)
        found = min(more, key=lambda one: one.rank)
        if found.holds:
            attempts, best = more, found
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
    candidates: Sequence[Problem], brought: Sequence[Readable], *, further: bool = False
) -> tuple[list[Attempt], bool]:
    """Tries readings of all problems; tells too whether there was time for all of them."""
    attempts: list[Attempt] = []
    fault: UsageError | None = None
    left = _MOST_TRIALS
    complete = True
    for problem in candidates:
        try:
            found = [list(one.readings(problem)) for one in brought]
            for one, its in zip(brought, found, strict=True):
                its += one.further_readings(problem) if further else ()
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
                    Trial(reading, None if certain else _certify(problem, one, reading))
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


def _certify(problem: Problem, one: Readable, reading: Reading) -> Certificate:
    """Certifies the first sample by one reading, and some more if it does not fail."""
    most = _TRIED_ENTRIES // problem.network.parameter_count
    found = _certify_first(problem, one, reading, 1)
    n = min(problem.n_samples, _TRIED_SAMPLES, most)
    return found if found.failed or n <= 1 else _certify_first(problem, one, reading, n)


def _certify_first(problem: Problem, one: Readable, reading: Reading, n: int) -> Certificate:
    answer = one.answer(problem, reading, slice(0, n))
    case = make_case(
        problem.network, problem.params, *problem.batch(0, n), answer.grads, printed=answer.printed
    )
    computed, asked = plain_arithmetic(answer.dtype), plain_arithmetic(problem.dtype)
    ladder = rungs(problem.network, computed, asked, is_known=False)
    with np.errstate(all="ignore"):  # a wrong reading may overflow
        return certify("", case, rungs=ladder)


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
