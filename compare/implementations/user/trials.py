"""Readings that were tried, and how near they come to a certificate."""

from typing import NamedTuple

from compare.evidence.certificate.certificate import Certificate
from compare.formats.reading import Reading
from compare.problem.problem import Problem


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
