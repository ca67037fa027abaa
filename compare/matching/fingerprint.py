"""Numbers of an array that stay the same whatever the order of its entries."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

_HUGE = 1e100  # what stands for infinity in programs, and is no number to compute with


def largest(array: np.ndarray) -> float:
    """Returns the magnitude of the largest entry, NaN if an entry is."""
    return float(np.abs(array).max(initial=0))


class Fingerprint(NamedTuple):
    """What arrays of the same entries have in common."""

    total: float
    squares: float
    least: float
    most: float


def fingerprint(array: np.ndarray) -> Fingerprint:
    """Returns the fingerprint of an array of at least one entry."""
    flat = array.ravel()
    return Fingerprint(float(flat.sum()), float(flat @ flat), float(flat.min()), float(flat.max()))


def margins(array: np.ndarray, allowed: float) -> np.ndarray:
    """Returns how far each number of a fingerprint may be off.

    Args:
      array: whose fingerprint it is.
      allowed: how far each entry may be off.
    """
    size = array.size
    return 2 * allowed * np.array([size, 2 * size * (largest(array) + allowed), 1, 1])


class Index:
    """Arrays by their fingerprints.

    Attributes:
      tolerance: how far arrays may be apart that are the same, relative to the largest entry.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], tolerance: float) -> None:
        self.tolerance = tolerance
        self._names: dict[int, list[str]] = {}
        for name, array in arrays.items():
            if array.size and largest(array) < _HUGE:
                self._names.setdefault(array.size, []).append(name)
        self._prints = {
            size: np.array([fingerprint(arrays[name]) for name in names])
            for size, names in self._names.items()
        }

    def of_size(self, size: int) -> list[str]:
        """Returns the names of all arrays of so many entries."""
        return self._names.get(size, [])

    def like(self, array: np.ndarray) -> list[str]:
        """Returns the names of all arrays that may have the same entries in another order."""
        names = self.of_size(array.size)
        if not names or not largest(array) < _HUGE:
            return []
        apart = np.abs(self._prints[array.size] - fingerprint(array))
        is_near = np.all(apart <= margins(array, self.tolerance * largest(array)), axis=1)
        return [names[i] for i in np.flatnonzero(is_near)]
