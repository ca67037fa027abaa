"""One batch: what an implementation answers, and what that is held against."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from compare.evidence.batches.expected import Expected, expected, is_doubtful, ratios
from compare.evidence.batches.terms import Terms
from compare.evidence.rounding.arithmetic import Arithmetic


class Sums(NamedTuple):
    """How terms are added up."""

    shares: np.ndarray  # [R], by what each row of terms is multiplied
    times_once: float = 1.0  # how often what a batch has once is in it


@dataclasses.dataclass(frozen=True)
class BatchCase:
    """One batch: what came, and what it is held against; by parameter, in order."""

    found: Mapping[str, np.ndarray]  # [...]
    hidden: Mapping[str, np.ndarray]  # [...]: half a unit of the last digit that is known
    terms: Mapping[str, Terms]
    weight: float  # that was asked for, 1 or 1/n
    arithmetic: Arithmetic
    has_bounds: bool = False  # whether terms have end-to-end bounds, or nothing but adding up

    @property
    def n(self) -> int:
        """How many samples it has."""
        return next(iter(self.terms.values())).n

    @property
    def counts(self) -> np.ndarray:
        """How many samples there are in each row of the terms, [R]."""
        return next(iter(self.terms.values())).counts

    def expects(self, name: str, sums: Sums | None = None) -> Expected:
        """Returns what a parameter should be, as is asked for or as other sums of the terms."""
        return self._asked[name] if sums is None else self._expected(name, sums)

    @functools.cached_property
    def _asked(self) -> dict[str, Expected]:
        as_asked = Sums(np.full(len(self.counts), self.weight))
        return {name: self._expected(name, as_asked) for name in self.terms}

    def _expected(self, name: str, sums: Sums) -> Expected:
        shares, once = sums
        return expected(self.terms[name], shares, self.weight, self.arithmetic, times_once=once)

    def holds(self, name: str, sums: Sums | None = None) -> bool:
        """Whether a parameter is that; not if an entry is not finite."""
        if not np.isfinite(self.found[name]).all():
            return False
        right = self.expects(name, sums)
        return bool(ratios(self.found[name], right, self.hidden[name]).max() <= 1)

    def is_doubtful(self, name: str, sums: Sums | None = None) -> bool:
        """Whether a parameter is further off than rounding usually goes, if not for certain."""
        right = self.expects(name, sums)
        return bool(is_doubtful(self.found[name], right, self.hidden[name]).any())

    def is_suspect(self, name: str) -> bool:
        """Whether a parameter is not what it should be, or hardly can be."""
        return not self.holds(name) or self.is_doubtful(name)
