"""How an array of one program is made of the entries of arrays of another."""

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Term:
    """Entries of some arrays, in another order.

    Attributes:
      sources: names of the arrays.
      positions: integers of the shape of the array that is made: which entry each one is, counted
        through the sources one after another, each in the order of its memory.
    """

    sources: tuple[str, ...]
    positions: np.ndarray

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Takes the entries."""
        flat = [np.ravel(arrays[name]) for name in self.sources]
        return np.concatenate(flat)[self.positions]

    def pull_back(self, slope: np.ndarray, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Returns the gradients by the sources, flat, of which an entry may come several times.

        Args:
          slope: the gradient by the array that is made.
          sizes: how many entries each source has.
        """
        ends = np.cumsum([sizes[name] for name in self.sources])
        total = np.zeros(int(ends[-1]), slope.dtype)
        at, values = self.positions.ravel(), slope.ravel()
        if len(np.unique(at)) == at.size:
            total[at] = values
        else:
            np.add.at(total, at, values)
        return dict(zip(self.sources, np.split(total, ends[:-1]), strict=True))


@dataclasses.dataclass(frozen=True, eq=False)
class Arrangement:
    """How one array is made: the sum of terms, most often of one.

    Attributes:
      terms: each of the shape of the array.
    """

    terms: tuple[Term, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that is made."""
        return self.terms[0].positions.shape

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all arrays that it is made of."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.sources))

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Makes the array, in the dtype of what it is made of."""
        found = self.terms[0].of(arrays)
        for term in self.terms[1:]:
            found = found + term.of(arrays)
        return found

    def pull_back(
        self, slope: np.ndarray, arrays: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Returns the gradients by the arrays that it is made of, in their shapes.

        Args:
          slope: the gradient by the array that is made.
          arrays: those that it is made of.
        """
        sizes = {name: arrays[name].size for name in self.sources}
        found: dict[str, np.ndarray] = {}
        for term in self.terms:
            for name, one in term.pull_back(slope, sizes).items():
                shaped = one.reshape(arrays[name].shape)
                found[name] = found[name] + shaped if name in found else shaped
        return found


def rearranged(name: str, array: np.ndarray, axes: tuple[int, ...] | None = None) -> Arrangement:
    """Returns the arrangement of an array with its axes in another order.

    Args:
      name: of the array.
      array: of its shape.
      axes: as of `numpy.transpose`; None for the array as it is.
    """
    positions = np.arange(array.size).reshape(array.shape)
    return Arrangement((Term((name,), positions.transpose(axes or range(array.ndim))),))
