"""The weights of two programs as bits in one dtype, so that they can be looked up."""

import collections
from collections.abc import Mapping

import numpy as np

from compare.pairing.assignment import Group
from compare.pairing.bits import Fingerprint, bits_of, fingerprint, is_floating


class Weights:
    """The floating-point weights of a reference and of a candidate.

    Attributes:
      theirs: name -> array of the reference.
      own: name -> array of the candidate.
    """

    def __init__(self, theirs: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> None:
        self.theirs = {name: array for name, array in theirs.items() if is_floating(array)}
        self.own = {name: array for name, array in own.items() if is_floating(array)}

    def own_bits(self, name: str) -> np.ndarray:
        """Returns the bits of a weight of the candidate, of its shape."""
        return bits_of(self.own[name])

    def their_bits(self, name: str, dtype: np.dtype) -> np.ndarray:
        """Returns the bits of a weight of the reference after rounding to a dtype."""
        return bits_of(self.theirs[name].astype(dtype, copy=False))

    def is_constant(self, own: str) -> bool:
        """Whether all entries of a weight of the candidate are the same number."""
        flat = self.own[own].ravel()
        return bool(flat.size == 0 or np.all(flat == flat[0]))

    def equal(self) -> list[Group]:
        """Groups the weights that have the same entries in any order."""
        groups: dict[tuple[np.dtype, Fingerprint], Group] = {}
        sizes = collections.defaultdict(set)
        for name, array in self.own.items():
            key = array.dtype, fingerprint(self.own_bits(name))
            groups.setdefault(key, ([], []))[0].append(name)
            sizes[array.dtype].add(array.size)
        for dtype, wanted in sizes.items():
            for name, array in self.theirs.items():
                if array.size in wanted:
                    found = groups.get((dtype, fingerprint(self.their_bits(name, dtype))))
                    if found:
                        found[1].append(name)
        return list(groups.values())
