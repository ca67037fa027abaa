"""What is known of the weights of two programs while they are paired."""

from collections.abc import Mapping

import numpy as np

from compare.pairing.arrangement import Arrangement
from compare.pairing.assignment import Assignment
from compare.pairing.bits import bits_of, is_floating
from compare.pairing.names import leaf_of, module_of
from compare.pairing.weight_finding import WeightFinding


class Search:
    """The weights that are floating-point numbers, and how those of a candidate are made.

    Attributes:
      theirs: name -> array of the reference.
      own: name -> array of the candidate.
      assignment: the weights that are one whole weight of the reference.
      arrangements: own name -> how it is made.
      findings: what is certainly wrong.
      remarks: what is unusual.
    """

    def __init__(self, theirs: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> None:
        self.theirs = {name: array for name, array in theirs.items() if is_floating(array)}
        self.own = {name: array for name, array in own.items() if is_floating(array)}
        self.assignment = Assignment(list(own), list(theirs))
        self.arrangements: dict[str, Arrangement] = {}
        self.findings: list[WeightFinding] = []
        self.remarks: list[WeightFinding] = []
        self._constant: dict[str, bool] = {}
        self._shares: dict[str, float] = {}
        self._sorted: dict[np.dtype, np.ndarray] = {}  # all numbers of the reference
        self._of_module: dict[str, list[str]] = {}
        self._of_kind: dict[tuple[str, int], list[str]] = {}
        for name, array in self.own.items():
            self._of_module.setdefault(module_of(name), []).append(name)
            self._of_kind.setdefault((leaf_of(name), array.ndim), []).append(name)

    def own_bits(self, name: str) -> np.ndarray:
        """Returns the bits of a weight of the candidate, of its shape."""
        return bits_of(self.own[name])

    def their_bits(self, name: str, dtype: np.dtype) -> np.ndarray:
        """Returns the bits of a weight of the reference after rounding to a dtype."""
        return bits_of(rounded(self.theirs[name], dtype))

    def made(self, own: str, arrangement: Arrangement) -> np.ndarray:
        """Returns what a weight would be, in its dtype."""
        dtype = self.own[own].dtype
        return rounded(arrangement.of({n: self.theirs[n] for n in arrangement.sources}), dtype)

    def is_made(self, own: str, arrangement: Arrangement) -> bool:
        """Whether a weight is what it would be, bit for bit."""
        return np.array_equal(bits_of(self.made(own, arrangement)), self.own_bits(own))

    def is_constant(self, own: str) -> bool:
        """Whether all entries of a weight of the candidate are the same number."""
        if own not in self._constant:
            self._constant[own] = is_constant(self.own[own])
        return self._constant[own]

    def take(self, own: str, arrangement: Arrangement) -> None:
        """Takes in how a weight is made."""
        self.arrangements[own] = arrangement
        for name in arrangement.sources:
            self.assignment.links.add(own, name)

    def share_in_reference(self, own: str) -> float:
        """Returns what part of the entries of a weight are somewhere in the reference."""
        if own not in self._shares:
            self._shares[own] = self._share(own)
        return self._shares[own]

    def left(self) -> list[str]:
        """Returns the weights of the candidate that nothing is known of."""
        return [name for name in self.own if name not in self.arrangements]

    def unused(self) -> list[str]:
        """Returns the weights of the reference that nothing is made of."""
        used = {name for one in self.arrangements.values() for name in one.sources}
        return [name for name in self.theirs if name not in used]

    def beside(self, own: str) -> list[str]:
        """Returns the other weights of the module that a weight of the candidate is in."""
        return [name for name in self._of_module[module_of(own)] if name != own]

    def of_its_kind(self, own: str) -> list[str]:
        """Returns the other weights of the candidate of the same name, with as many axes."""
        kind = leaf_of(own), self.own[own].ndim
        return [name for name in self._of_kind[kind] if name != own and name in self.arrangements]

    def _share(self, own: str) -> float:
        dtype, bits = self.own[own].dtype, np.sort(self.own_bits(own), axis=None)
        if dtype not in self._sorted:
            every = [self.their_bits(name, dtype).ravel() for name in self.theirs]
            self._sorted[dtype] = np.sort(np.concatenate(every))
        theirs = self._sorted[dtype]
        at = np.minimum(np.searchsorted(theirs, bits), theirs.size - 1)
        return float(np.mean(theirs[at] == bits))


def is_constant(array: np.ndarray) -> bool:
    """Whether all entries are the same number."""
    flat = array.ravel()
    return bool(flat.size == 0 or np.all(flat == flat[0]))


def rounded(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Rounds an array to a dtype; what is too large for it is infinite."""
    with np.errstate(over="ignore"):
        return array.astype(dtype, copy=False)
