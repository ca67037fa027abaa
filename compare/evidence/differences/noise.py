"""What changes from run to run: gradients compared with themselves, computed again.

An implementation that gives other bits each time has a noise floor. A difference below it does not
mean that anything is wrong.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.metrics import largest_ulp

Layers = Sequence[tuple[np.ndarray, np.ndarray]]  # leaves [N, n_in, n_out] and [N, n_out]


class Noise(NamedTuple):
    """How far one implementation differs from itself."""

    runs: int  # after the first
    entries: int  # of gradients, in all of these runs
    moved: int  # entries whose bits have changed
    max_abs: float  # of entries that are finite in both
    max_ulp: int

    def in_words(self) -> str:
        """Says how far entries that have moved are apart."""
        if not self.max_abs:
            return "in signs of zeros or in what is not finite"
        return f"by up to {self.max_abs:.2g} or {self.max_ulp:,} ulp where it is finite"


def noise_between(first: Layers, second: Layers) -> Noise:
    """Compares a second run with the first."""
    leaves = [pair for a, b in zip(first, second, strict=True) for pair in zip(a, b, strict=True)]
    entries, moved = sum(a.size for a, _ in leaves), count_moved(first, second)
    if not moved:
        return Noise(1, entries, 0, 0.0, 0)
    return Noise(
        1,
        entries,
        moved,
        max(_max_abs(a, b) for a, b in leaves),
        max(int(largest_ulp(a, b).max()) for a, b in leaves),
    )


def merge(one: Noise, other: Noise) -> Noise:
    """Joins the noise of two sets of samples, in the same number of runs."""
    return _joined(one, other, one.runs)


def merge_runs(one: Noise, other: Noise) -> Noise:
    """Joins the noise of two sets of runs, for the same samples."""
    return _joined(one, other, one.runs + other.runs)


def count_moved(first: Layers, second: Layers) -> int:
    """Counts the entries whose bits have changed; all NaNs count as the same."""
    if first is second:
        return 0
    return sum(
        int(np.count_nonzero(~_same(a, b)))
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def _joined(one: Noise, other: Noise, runs: int) -> Noise:
    return Noise(
        runs,
        one.entries + other.entries,
        one.moved + other.moved,
        max(one.max_abs, other.max_abs),
        max(one.max_ulp, other.max_ulp),
    )


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    equal = (a == b) & (np.signbit(a) == np.signbit(b))
    return equal | (np.isnan(a) & np.isnan(b))


def _max_abs(a: np.ndarray, b: np.ndarray) -> float:
    finite = np.isfinite(a) & np.isfinite(b)
    left, right = (np.where(finite, values, 0).astype(np.float64) for values in (a, b))
    return float(np.abs(left - right).max())
