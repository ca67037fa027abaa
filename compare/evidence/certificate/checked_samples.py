"""The checks of many samples: by compiled JAX, and by NumPy wherever a number is told.

JAX computes all ratios, and rounds sums and exponentials otherwise than NumPy does. That decides
nothing as long as a ratio is clearly below 1, or above it, and below the largest that is known.
The few samples of which that cannot be said are computed again in NumPy. So what is counted and
told are NumPy's numbers. In float64 the two differ by more than a ratio; there JAX's are told, but
of samples with subnormal numbers, which JAX takes for 0.

Shape letters: N samples, C checks.
"""

import functools

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


class CheckedSamples:
    """How much of its allowance each check uses in N samples."""

    def __init__(self, case: Case, *, compiled: bool) -> None:
        """Checks a case that is finite, in NumPy or in compiled JAX."""
        self._case = case
        self._apart = self.doubt = 0.0  # of all that is told
        self.told = np.ones(case.x.shape[-1], bool)  # which numbers may be told, [N]
        if not compiled:
            self.found = sample_ratios(case)
            return
        self.found, subnormal = sample_ratios_compiled(case)
        self._apart = summation_doubt(case)
        self.found = SampleRatios(*(one.copy() for one in self.found))
        self.told[:] = False
        self._settle(subnormal)
        if self._apart > MOST_DOUBT:
            self.doubt = self._apart
            self.told[:] = True

    @functools.cached_property
    def largest(self) -> np.ndarray:
        """The largest ratio in each sample, [N]."""
        return np.asarray(self.found.ratios.max(axis=0))

    def settle_near(self, bound: float, among: np.ndarray) -> None:
        """Computes anew which samples have a larger ratio than a bound, of those among, [N]."""
        if not self.told.all():
            clear = (self.largest < self._less(bound)) | (self._less(self.largest) > bound)
            self._settle(among & ~clear)

    def settle_largest(
        self, among: np.ndarray, known: np.ndarray | float, known_of_all: float
    ) -> None:
        """Computes anew what may be the largest ratios.

        Args:
          among: samples that count, [N] bool.
          known: the largest ratio that is known of each check, [C], below which nothing is told.
          known_of_all: the same of all checks.
        """
        if self.told.all() or not among.any():
            return
        ratios = np.where(among, self.found.ratios, 0.0)
        bars = self._bar(np.fmax.reduce(ratios, axis=1), known)
        rows = (ratios >= bars[:, None]).any(axis=0)
        largest = np.where(among, self.largest, 0.0)
        rows |= largest >= self._bar(np.fmax.reduce(largest), known_of_all)
        if known_of_all <= 0 and not rows.any():
            rows[np.argmax(among)] = True  # all ratios are 0: the first sample is the worst
        self._settle(rows & among)

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
        _, first, again = np.unique(columns, axis=1, return_index=True, return_inverse=True)
        for array, exact in zip(self.found, sample_ratios(few.take(first)), strict=True):
            array[..., at] = exact[..., again]
        self.told[at] = True
        self.__dict__.pop("largest", None)
