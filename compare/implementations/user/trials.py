"""Readings that were tried, and how near they come to a certificate."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from compare.evidence.certificate.certificate import Certificate, certify
from compare.evidence.certificate.making import make_case
from compare.evidence.certificate.nearness import float64_gradients
from compare.evidence.certificate.rungs import rungs
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.formats.reading import Reading
from compare.problem.answers import Answer
from compare.problem.problem import Problem
from jaxmlp.base import Grads, Layer

_TRIED_SAMPLES = 16
_TRIED_ENTRIES = 2**22  # of the gradients of those samples: fewer of them where a network is large


class Readable(Protocol):
    """Gradients that somebody brought, which may be read in several ways."""

    where: str  # what they came from, to be named in errors

    def readings(self, problem: Problem) -> Sequence[Reading]:
        """Returns every way to read them as the gradients of a problem, the most likely first.

        Raises:
          UsageError: if there is none.
        """

    def further_readings(self, problem: Problem, right: Callable[[], Grads]) -> Sequence[Reading]:
        """Returns others that are tried if none of `readings` certifies.

        Args:
          problem: as for `readings`.
          right: returns the gradients of the first samples, to which they come near.
        """

    def unread_names(self, reading: Reading) -> Sequence[str]:
        """Returns the names of arrays of which a reading makes nothing, though they may mean it."""

    def answer(self, problem: Problem, reading: Reading, rows: slice) -> Answer:
        """Returns the gradients of some samples by one of the readings.

        Raises:
          UsageError: if they cannot be those.
        """


class Trial(NamedTuple):
    """One reading, and how near it comes to a certificate."""

    reading: Reading
    certificate: Certificate | None  # None where there was nothing to choose

    @property
    def holds(self) -> bool:
        """Whether it certifies."""
        one = self.certificate
        return one is not None and not one.failed and one.certified > 0

    @property
    def rank(self) -> tuple[float, ...]:
        """The lower the better. A reading of which nothing can be said comes before a wrong one."""
        one = self.certificate
        if one is None:
            return (0, 0, 0, 0)
        broken = sum(rule.failed > 0 for rule in one.rules)
        share = one.failed / (one.certified + one.failed + one.silent)
        return (not self.holds, share, broken, one.worst_ratio or 0)


class Attempt(NamedTuple):
    """One problem, and all readings of all gradients."""

    problem: Problem
    trials: list[list[Trial]]  # of each of the gradients, in the order of its readings

    @property
    def best(self) -> list[Trial]:
        """The best reading of each of the gradients, the first of equal ones."""
        return [min(trials, key=lambda one: one.rank) for trials in self.trials]

    @property
    def holds(self) -> bool:
        """Whether the best reading of all gradients certifies."""
        return all(one.holds for one in self.best)

    @property
    def rank(self) -> tuple[float, ...]:
        """The lower the better."""
        return tuple(map(sum, zip(*(one.rank for one in self.best), strict=True)))


def right_gradients(problem: Problem) -> Grads:
    """Returns the gradients of the first samples in float64."""
    n = _tried_samples(problem)
    params = [Layer(w[None], b[None]) for w, b in problem.params]  # whose shapes do here
    case = make_case(problem.network, problem.params, *problem.batch(0, n), params).wide()
    with np.errstate(all="ignore"):
        grads = float64_gradients(case)
    return tuple(Layer(np.moveaxis(w, -1, 0), np.moveaxis(b, -1, 0)) for w, b in grads)


def _tried_samples(problem: Problem) -> int:
    most = _TRIED_ENTRIES // problem.network.parameter_count
    return max(1, min(problem.n_samples, _TRIED_SAMPLES, most))


def try_reading(problem: Problem, one: Readable, reading: Reading) -> Trial:
    """Certifies the first sample by one reading, and some more if it does not fail."""
    found = _certify_first(problem, one, reading, 1)
    n = _tried_samples(problem)
    if not found.failed and n > 1:
        found = _certify_first(problem, one, reading, n)
    return Trial(reading, found)


def _certify_first(problem: Problem, one: Readable, reading: Reading, n: int) -> Certificate:
    answer = one.answer(problem, reading, slice(0, n))
    case = make_case(
        problem.network, problem.params, *problem.batch(0, n), answer.grads, printed=answer.printed
    )
    computed, asked = plain_arithmetic(answer.dtype), plain_arithmetic(problem.dtype)
    ladder = rungs(problem.network, computed, asked, is_known=False)
    with np.errstate(all="ignore"):  # a wrong reading may overflow
        return certify("", case, rungs=ladder)
