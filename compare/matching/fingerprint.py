"""Numbers of an array that stay the same whatever the order of its entries."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


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


class Index:
    """Arrays by their fingerprints.

    Attributes:
      tolerance: how far arrays may be apart that are the same, relative to the largest entry.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], tolerance: float) -> None:
        self.tolerance = tolerance
        self._names: dict[int, list[str]] = {}
        for name, array in arrays.items():
            if array.size and np.isfinite(array).all():
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
        if not names or not np.isfinite(array).all():
            return []
        own, most, size = np.array(fingerprint(array)), largest(array), array.size
        allowed = self.tolerance * np.array([size * most, 2 * size * most**2, most, most])
        near = (np.abs(self._prints[size] - own) <= 2 * allowed).all(axis=1)
        return [name for name, one in zip(names, near, strict=True) if one]
