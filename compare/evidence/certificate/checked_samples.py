"""The checks of many samples: by compiled JAX, and by NumPy wherever a number is told.

JAX computes all ratios, and rounds sums and exponentials otherwise than NumPy does. That decides
nothing as long as a ratio is clearly below 1, or above it, and below the largest that is known.
The few samples of which that cannot be said are computed again in NumPy, and of most of the others
no ratio is looked at again. So what is counted and told are NumPy's numbers. In float64 the two
differ by more than a ratio; there JAX's are told, but of samples with subnormal numbers, which JAX
takes for 0.

Shape letters: N samples, C checks.
"""

import functools
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.sample_ratios import (
    MOST_DOUBT,
    SampleRatios,
    least_ratio,
    sample_ratios,
    sample_ratios_compiled,
    summation_doubt,
)

_RELATIVE = 2.0**-30  # by which a ratio may differ as an allowance is rounded otherwise


class Records(NamedTuple):
    """The largest ratios that are known of other samples; what is below is not told."""

    rules: np.ndarray | float  # of every check, [C]
    worst: float  # of all checks


class CheckedSamples:
    """How much of its allowance each check uses in N samples.

    The ratios in `found` are those of the samples `rows`. In the others every ratio is below 1, and
    below the records.
    """

    def __init__(self, case: Case, records: Records, *, compiled: bool) -> None:
        """Checks a case that is finite, in NumPy or in compiled JAX."""
        n = case.x.shape[-1]
        self._case, self._records = case, records
        self._apart = self.doubt = 0.0  # of all that is told
        self.told = np.ones(n, bool)  # which numbers may be told, [N]
        self.rows = np.arange(n)  # ascending
        if not compiled:
            self.found = sample_ratios(case)
            return
        found, subnormal = sample_ratios_compiled(case)
        self._apart = summation_doubt(case)
        if self._apart > MOST_DOUBT:
            self.found = SampleRatios(*(one.copy() for one in found))
            self.told[:] = False
            self._settle(subnormal)
            self.told[:], self.doubt = True, self._apart
            return
        self.rows = np.flatnonzero(subnormal | self._may_matter(found.ratios))
        self.found = SampleRatios(found.ratios[:, self.rows], *(one.copy() for one in found[1:]))
        self.told = np.zeros(n, bool)
        self._settle(subnormal)

    @functools.cached_property
    def largest(self) -> np.ndarray:
        """The largest ratio in each sample, [N]; 0 in those whose ratios do not matter."""
        largest = np.zeros(len(self.told))
        largest[self.rows] = self.found.ratios.max(axis=0)
        return largest

    def ratios_of(self, sample: int) -> np.ndarray:
        """Returns the ratios of a sample that matters, [C]."""
        return np.asarray(self.found.ratios[:, np.searchsorted(self.rows, sample)])

    def settle_near(self, bound: float, among: np.ndarray) -> None:
        """Computes anew which samples have a larger ratio than a bound, of those among, [N].

        The bound is 1 or more.
        """
        if not self.told[self.rows].all():
            clear = (self.largest < self._less(bound)) | (self._less(self.largest) > bound)
            self._settle(among & ~clear)

    def settle_largest(self, among: np.ndarray) -> None:
        """Computes anew what may be the largest ratios, of the samples among, [N] bool."""
        if self.told[self.rows].all() or not among.any():
            return
        among_rows, worst = among[self.rows], self._records.worst
        ratios = np.where(among_rows, self.found.ratios, 0.0)
        bars = self._bar(np.fmax.reduce(ratios, axis=1), self._records.rules)
        largest = np.where(among_rows, self.largest[self.rows], 0.0)
        matter = (ratios >= bars[:, None]).any(axis=0)
        matter |= largest >= self._bar(np.fmax.reduce(largest), worst)
        rows = np.zeros_like(among)
        rows[self.rows] = matter & among_rows
        if worst <= 0 and not rows.any():
            rows[np.argmax(among)] = True  # all ratios are 0: the first sample is the worst
        self._settle(rows)

    def _may_matter(self, ratios: np.ndarray) -> np.ndarray:
        """Returns in which samples a ratio of JAX's, [C, N], may be 1 or a record, [N] bool."""
        if self._records.worst <= 0:
            return np.ones(ratios.shape[-1], bool)
        bars = np.minimum(np.minimum(self._records.rules, self._records.worst), 1.0)
        bars = np.maximum(self._less(bars), self._less(least_ratio(self._case)))
        below = ratios < np.broadcast_to(bars, len(ratios))[:, None]
        return np.asarray(~below.all(axis=0))

    def _less(self, ratio: np.ndarray | float, times: int = 1) -> np.ndarray | float:
        """Returns the least that the other of NumPy and JAX may find where one finds a ratio."""
        return ratio * (1 - times * _RELATIVE) - times * self._apart

    def _bar(self, top: np.ndarray | float, known: np.ndarray | float) -> np.ndarray:
        """Returns what a ratio has to reach to be the largest, of which `top` is JAX's."""
        bar = np.maximum(self._less(top, times=2), self._less(known))
        return np.maximum(bar, self._less(least_ratio(self._case)))

    def _settle(self, rows: np.ndarray) -> None:
        """Takes some samples, [N] bool, from NumPy; what is equal is computed once."""
        at = np.flatnonzero(rows & ~self.told)
        if not len(at):
            return
        few = self._case.take(at)
        arrays = [few.x, few.y, *(leaf for layer in few.grads for leaf in layer)]
        arrays += [leaf for layer in few.printed or () for leaf in layer]
        columns = np.concatenate([one.reshape(-1, len(at)).astype(np.float64) for one in arrays])
        numbers: dict[bytes, int] = {}  # of samples that differ in bits
        keys = [column.tobytes() for column in np.ascontiguousarray(columns.T)]
        again = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
        first = np.unique(again, return_index=True)[1]
        exact = sample_ratios(few.take(first))
        self.found.ratios[:, np.searchsorted(self.rows, at)] = exact.ratios[:, again]
        for array, its in zip(self.found[1:], exact[1:], strict=True):
            array[at] = its[again]
        self.told[at] = True
        self.__dict__.pop("largest", None)
